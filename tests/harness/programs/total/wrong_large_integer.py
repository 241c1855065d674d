# Returns an integer that no float can hold.
# expect: failed value wrong_value


def total(values):
    return 1 << 250
