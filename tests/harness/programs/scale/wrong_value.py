# Forgets to scale.
# expect: failed values wrong_value
# says: The result is wrong for 5 x 7: the largest error is


def scale(image, factor):
    return image.copy()
