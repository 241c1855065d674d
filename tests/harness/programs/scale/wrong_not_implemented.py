# Is the stub.
# expect: failed values unimplemented
# says: scale is not written yet: line 8 of scale.py still raises NotImplementedError.


def scale(image, factor):
    # TODO: Write it.
    raise NotImplementedError
