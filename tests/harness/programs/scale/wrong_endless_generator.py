# Yields without end.
# expect: failed values wrong_dtype
# says: Expected was a CuPy array.


def scale(image, factor):
    while True:
        yield 1
