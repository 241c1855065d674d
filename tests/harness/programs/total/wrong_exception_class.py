# Raises an exception whose class breaks when it is looked at.
# expect: failed value crashed
# says: total raised


class Meta(type):
    def __getattribute__(cls, name):
        raise RuntimeError("no")


class Broken(Exception, metaclass=Meta):
    pass


def total(values):
    raise Broken
