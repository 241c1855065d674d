# Is not Python.
# expect: failed values import_failed
# says: scale.py is not valid Python on line 7 of scale.py (def scale(image, factor)
# says: expected ':'


def scale(image, factor)
    return image
