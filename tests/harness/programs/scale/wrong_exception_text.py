# Raises an exception whose text cannot be read.
# expect: failed values crashed
# says: scale raised Mute on line 12 of scale.py


class Mute(Exception):
    def __str__(self):
        raise RuntimeError("no text")


def scale(image, factor):
    raise Mute
