# Yields, and raises on the way.
# expect: failed values crashed
# says: scale raised RuntimeError on line 8 of scale.py (raise RuntimeError("half way"))


def scale(image, factor):
    yield image
    raise RuntimeError("half way")
