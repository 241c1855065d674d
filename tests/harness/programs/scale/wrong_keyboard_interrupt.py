# Raises KeyboardInterrupt, which is not a user's.
# expect: failed values crashed
# says: scale raised KeyboardInterrupt on line 7 of scale.py


def scale(image, factor):
    raise KeyboardInterrupt
