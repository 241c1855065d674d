# Raises an exception with half a character and codes for the terminal in its text.
# expect: failed values crashed
# says: scale raised ValueError on line 7 of scale.py


def scale(image, factor):
    raise ValueError("\ud800 \x00 \x07 \x1b]0;title\x07 \u202e")
