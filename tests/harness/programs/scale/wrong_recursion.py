# Calls itself for ever.
# expect: failed values crashed
# says: scale raised RecursionError on line 7 of scale.py


def scale(image, factor):
    return scale(image, factor)
