# Raises an exception with a text of a million letters, ten lines and its own path.
# expect: failed values crashed
# says: scale raised ValueError on line 7 of scale.py


def scale(image, factor):
    raise ValueError(f"{__file__}: \x1b[31mred\x1b[0m\n" + "a line of text\n" * 70_000)
