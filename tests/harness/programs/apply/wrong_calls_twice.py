# Is refused once, with the function's own exception, and then calls as it should.
# expect: failed result wrong_value
# says: There were 2 calls


def apply(function, a, b):
    try:
        function(a, b[:1])
    except ValueError as refused:
        assert str(refused) == "the shapes differ"
    return function(a, b)
