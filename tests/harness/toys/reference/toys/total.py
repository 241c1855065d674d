"""Exercise total: a toy."""


def total(values):
    """
    Do what the exercise says.

    Args:
        values: The operand.

    Returns:
        The sum, a float.
    """
    return float(sum(values))
