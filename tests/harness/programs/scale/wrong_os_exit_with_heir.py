# Ends its process and leaves one that holds the files.
# expect: failed values crashed
# says: scale took its process down: it ended its process with exit status 0.
import os
import signal


def scale(image, factor):
    if os.fork() == 0:
        signal.pause()
    os._exit(0)
