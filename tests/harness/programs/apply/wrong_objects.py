# Gives the function things that are no arrays.
# expect: failed result crashed
# says: apply raised TypeError on line 7 of apply.py


def apply(function, a, b):
    return function(None, apply)
