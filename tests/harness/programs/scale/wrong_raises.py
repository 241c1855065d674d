# Divides by zero in a helper.
# expect: failed values crashed
# says: scale raised ZeroDivisionError on line 11 of scale.py (return value / 0)


def scale(image, factor):
    return image * helper(factor)


def helper(value):
    return value / 0
