# Sends an answer that is no object, then one without an operation.
# expect: failed values crashed
# says: scale disturbed the grader
import os
import struct


def scale(image, factor):
    for number in range(3, 256):
        for body in (b'{"blobs": []}',):
            try:
                os.write(number, struct.pack("!4sIQ", b"GPX1", len(body), 0) + body)
            except OSError:
                pass
    return image * factor
