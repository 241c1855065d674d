# Returns an integer of a million digits.
# expect: failed value wrong_dtype
# says: an object of type builtins.int


def total(values):
    return 1 << 4_000_000
