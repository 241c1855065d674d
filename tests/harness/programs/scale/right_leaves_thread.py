# Leaves a thread running.
# expect: passed
import threading


def scale(image, factor):
    threading.Thread(target=threading.Event().wait).start()
    return image * factor
