# Returns a list that holds itself.
# expect: failed values wrong_dtype
# says: a list of 1 items


def scale(image, factor):
    result = []
    result.append(result)
    return result
