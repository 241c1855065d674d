# Returns a text that UTF-8 cannot hold.
# expect: failed value wrong_dtype
# says: the text


def total(values):
    return "\ud800" * 100_000
