# Gives the function too many arguments.
# expect: failed result crashed
# says: apply raised TypeError on line 7 of apply.py


def apply(function, a, b):
    return function(a, b, a)
