# Adds up more than Python's compiler follows (the test writes it).
# expect: failed values import_failed
# says: scale.py is nested too deeply for Python, or too large: reading it ended with
scale = 1 + 1
