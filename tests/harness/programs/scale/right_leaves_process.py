# Leaves a process running that holds every file it can.
# expect: passed
import os
import signal


def scale(image, factor):
    if os.fork() == 0:
        signal.pause()
        os._exit(0)
    return image * factor
