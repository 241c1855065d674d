"""Exercise apply: a toy."""


def apply(function, a, b):
    """
    Do what the exercise says.

    Args:
        function: The operand.

    Returns:
        What the function returns.
    """
    # TODO: Write it.
    raise NotImplementedError
