# Returns a list of a million numbers.
# expect: failed values wrong_dtype
# says: The result is a list of 1,000,000 items. Expected was a CuPy array.


def scale(image, factor):
    return list(range(1_000_000))
