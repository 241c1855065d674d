# Forgets the return statement.
# expect: failed values wrong_dtype
# says: The result is None. Expected was a CuPy array.


def scale(image, factor):
    image * factor
