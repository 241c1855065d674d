# Takes one argument too few.
# expect: failed values import_failed
# says: scale takes (image), but it is called with 2 positional arguments.


def scale(image):
    return image * 2
