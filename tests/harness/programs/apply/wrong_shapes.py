# Gives the function arrays that it refuses.
# expect: failed result crashed
# says: apply raised ValueError on line 7 of apply.py (return function(a, b[:1])): the shapes differ


def apply(function, a, b):
    return function(a, b[:1])
