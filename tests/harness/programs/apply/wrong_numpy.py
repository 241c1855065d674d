# Gives the function NumPy arrays.
# expect: failed result crashed
# says: apply raised TypeError on line 7 of apply.py


def apply(function, a, b):
    return function(a.get(), b.get())
