# Finds the number of the function and gives it nonsense.
# expect: failed result crashed
# says: apply disturbed the grader
import json
import os
import struct


def apply(function, a, b):
    cells = {}
    for cell in function.__closure__:
        cells[type(cell.cell_contents)] = cell.cell_contents
    body = {"op": "proxy", "n": cells[int], "args": [{"t": "str", "v": "x"}], "blobs": []}
    data = json.dumps(body).encode()
    for number in range(3, 256):
        try:
            os.write(number, struct.pack("!4sIQ", b"GPX1", len(data), 0) + data)
        except OSError:
            pass
    return function(a, b)
