# Replaces the standard streams with things that do not work.
# expect: passed
import sys


def scale(image, factor):
    sys.stdout = None
    sys.stderr = object()
    return image * factor
