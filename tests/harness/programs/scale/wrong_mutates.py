# Scales its input in place.
# expect: failed later mutated_input
# says: The call changed its input image.


def scale(image, factor):
    image *= factor
    return image
