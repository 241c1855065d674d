# Returns a class that ends the program when it is looked at.
# expect: failed value wrong_dtype
# says: The result is an object of type total.Meta


class Meta(type):
    def __getattr__(cls, name):
        raise SystemExit(0)


class Liar(metaclass=Meta):
    __module__ = "numpy" * 1000


def total(values):
    return Liar
