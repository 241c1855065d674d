# Writes junk into every open file.
# expect: failed values crashed
# says: scale disturbed the grader
import os


def scale(image, factor):
    for number in range(3, 256):
        try:
            os.write(number, b"junk" * 64)
        except OSError:
            pass
    return image * factor
