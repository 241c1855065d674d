# Returns the transposed array.
# expect: failed values wrong_shape
# says: The result has the shape (7, 5). Expected was (5, 7).


def scale(image, factor):
    return (image * factor).T
