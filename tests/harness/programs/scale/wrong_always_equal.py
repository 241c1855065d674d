# Returns an object that says it equals everything and is a good array.
# expect: failed values wrong_dtype
# says: The result is an object of type scale.Equal. Expected was a CuPy array.


class Equal:
    shape = (5, 7)
    dtype = "float32"
    strides = (28, 4)
    nbytes = 140

    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0

    def __bool__(self):
        return True

    def __call__(self, *args, **kwargs):
        return self

    def __array__(self, *args, **kwargs):
        return self

    def __len__(self):
        return 5

    def __iter__(self):
        return iter([])


def scale(image, factor):
    return Equal.__new__(Equal)
