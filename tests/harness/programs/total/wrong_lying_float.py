# Returns a float's subclass that equals everything.
# expect: failed value wrong_value
# says: 1.0


class Liar(float):
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    __hash__ = None


def total(values):
    return Liar(1)
