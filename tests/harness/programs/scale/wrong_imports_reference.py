# Imports the reference solution.
# expect: failed values import_failed
# says: scale.py imports what is not there on line 4 of scale.py (from reference.toys.scale import scale)
from reference.toys.scale import scale
