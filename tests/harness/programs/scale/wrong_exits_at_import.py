# Calls sys.exit at import.
# expect: failed values import_failed
# says: scale.py ends the program when it is imported on line 6 of scale.py (sys.exit(0))
import sys

sys.exit(0)
