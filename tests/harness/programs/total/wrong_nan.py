# Returns NaN.
# expect: failed value wrong_value
# says: The result is nan. Expected was 7.0.


def total(values):
    return float("nan")
