# Returns an integer.
# expect: passed


def total(values):
    return int(sum(values))
