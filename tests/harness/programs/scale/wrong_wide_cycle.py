# Returns a structure that doubles at every level.
# expect: failed values wrong_dtype
# says: a list of 2 items


def scale(image, factor):
    result = [1]
    for _ in range(100):
        result = [result, result]
    return result
