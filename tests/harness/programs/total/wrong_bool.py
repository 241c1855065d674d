# Returns True.
# expect: failed value wrong_dtype
# says: the bool True


def total(values):
    return True
