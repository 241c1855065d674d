# Returns an object that ends the program when the worker looks at it.
# expect: failed value crashed
# says: on line 9 of total.py (raise


class Prickly:
    @property
    def strides(self):
        raise SystemExit(0)


def total(values):
    return Prickly()
