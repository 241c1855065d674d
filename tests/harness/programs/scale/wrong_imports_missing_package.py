# Imports a package that does not exist.
# expect: failed values import_failed
# says: scale.py imports what is not there on line 4 of scale.py (import no_such_package)
import no_such_package


def scale(image, factor):
    return no_such_package.scale(image, factor)
