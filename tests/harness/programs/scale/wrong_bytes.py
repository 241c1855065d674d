# Is not text (the test writes a byte that UTF-8 does not have).
# expect: failed values import_failed
# says: not valid Python
scale = "\xff"
