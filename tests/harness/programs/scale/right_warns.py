# Warns, which is no failure.
# expect: passed
import warnings

warnings.warn("at import")


def scale(image, factor):
    warnings.warn("in the call", DeprecationWarning)
    return image * factor
