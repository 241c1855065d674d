# Calls sys.exit in the call.
# expect: failed values crashed
# says: scale ended the program on line 8 of scale.py (sys.exit("done")) with sys.exit
import sys


def scale(image, factor):
    sys.exit("done")
