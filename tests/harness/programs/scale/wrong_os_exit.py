# Ends its process in the call, with status 0.
# expect: failed values crashed
# says: scale took its process down: it ended its process with exit status 0.
import os


def scale(image, factor):
    os._exit(0)
