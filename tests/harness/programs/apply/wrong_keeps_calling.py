# Calls the function without end.
# expect: failed result timed_out
# says: apply took too long


def apply(function, a, b):
    while True:
        function(a, b)
