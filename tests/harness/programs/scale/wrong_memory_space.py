# Returns a NumPy array.
# expect: failed values wrong_memory_space
# says: The result is in CPU memory (numpy.ndarray). Expected was GPU memory.


def scale(image, factor):
    return (image * factor).get()
