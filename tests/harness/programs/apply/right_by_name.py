# Calls by keyword.
# expect: passed


def apply(function, a, b):
    return function(b=b, a=a)
