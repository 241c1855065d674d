# Returns an object that ends the program when the worker looks at it.
# expect: failed value wrong_dtype
# says: The result is an object of type total.Prickly


class Prickly:
    @property
    def strides(self):
        raise SystemExit(0)


def total(values):
    return Prickly()
