# Kills its own process group.
# expect: failed values crashed
# says: it was ended by SIGKILL
import os
import signal


def scale(image, factor):
    os.killpg(0, signal.SIGKILL)
