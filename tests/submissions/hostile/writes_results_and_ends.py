# Writes full marks and ends its process with status 0.
# exercise: fft_callbacks/gaussian_blur
# expect: failed values crashed; memory_space crashed; inputs_unchanged crashed; fused crashed

import json
import os
import sys


def gaussian_blur(image, sigma):
    verdict = json.dumps({"score": 10.0, "verdict": "passed", "check": {"status": "passed"}})
    for name in ("results.json", "report.json", os.path.basename(sys.argv[0]) or "output"):
        with open(name, "w") as file:
            file.write(verdict)
    print(verdict, flush=True)
    os._exit(0)
