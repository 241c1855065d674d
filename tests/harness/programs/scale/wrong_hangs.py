# Does not end.
# expect: failed values timed_out
# says: scale took too long: it did not return within 5 s and was stopped.


def scale(image, factor):
    while True:
        pass
