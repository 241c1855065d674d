# Yields rows instead of returning an array.
# expect: failed values wrong_dtype
# says: a list of 5 items


def scale(image, factor):
    for row in image:
        yield row * factor
