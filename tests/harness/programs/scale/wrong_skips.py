# Tries to skip the check with pytest.
# expect: failed values crashed
# says: scale raised Skipped on line 8 of scale.py
import pytest


def scale(image, factor):
    pytest.skip("no thanks")
