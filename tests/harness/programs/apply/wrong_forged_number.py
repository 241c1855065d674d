# Asks for a function that was never given.
# expect: failed result crashed
# says: apply disturbed the grader
import json
import os
import struct


def apply(function, a, b):
    body = json.dumps({"op": "proxy", "n": 1, "args": [], "blobs": []}).encode()
    for number in range(3, 256):
        try:
            os.write(number, struct.pack("!4sIQ", b"GPX1", len(body), 0) + body)
        except OSError:
            pass
    return function(a, b)
