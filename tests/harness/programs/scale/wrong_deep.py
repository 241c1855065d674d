# Returns a list nested a hundred thousand times.
# expect: failed values wrong_dtype
# says: a list of 1 items


def scale(image, factor):
    result = []
    for _ in range(100_000):
        result = [result]
    return result
