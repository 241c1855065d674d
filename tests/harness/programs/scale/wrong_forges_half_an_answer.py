# Sends an answer of its own that lacks most of what an answer has.
# expect: failed values crashed
# says: scale disturbed the grader
import json
import os
import struct


def scale(image, factor):
    body = json.dumps({"op": "observation", "value": {"t": "none"}, "blobs": []}).encode()
    for number in range(3, 256):
        try:
            os.write(number, struct.pack("!4sIQ", b"GPX1", len(body), 0) + body)
        except OSError:
            pass
    return image * factor
