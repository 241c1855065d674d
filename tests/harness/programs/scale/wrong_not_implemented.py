# Is the stub.
# expect: failed values unimplemented
# says: scale is not written yet on line 8 of scale.py (raise NotImplementedError)


def scale(image, factor):
    # TODO: Write it.
    raise NotImplementedError
