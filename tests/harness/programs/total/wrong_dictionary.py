# Returns a dictionary with keys that are no texts.
# expect: failed value wrong_dtype
# says: a dict of 3 items


def total(values):
    return {(1, (2, 3)): 1, frozenset(): 2, 3.0: {}}
