# Returns float64.
# expect: failed values wrong_dtype
# says: The result has the dtype float64. Expected was float32.


def scale(image, factor):
    return image.astype("float64") * factor
