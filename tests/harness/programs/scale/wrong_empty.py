# Holds nothing.
# expect: failed values import_failed
# says: scale.py has no function 'scale'.
