# Raises at import.
# expect: failed values import_failed
# says: scale.py raises KeyError when it is imported on line 4 of scale.py (TABLE = {}
TABLE = {}["missing"]


def scale(image, factor):
    return image * factor
