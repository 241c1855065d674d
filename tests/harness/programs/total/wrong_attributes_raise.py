# Returns an object whose attributes raise when they are looked at.
# expect: failed value crashed
# says: on line 9 of total.py (raise


class Prickly:
    @property
    def strides(self):
        raise RuntimeError("no")


def total(values):
    return Prickly()
