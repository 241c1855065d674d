# Is called like a function, but is an object.
# expect: passed


class Scaler:
    def __call__(self, image, factor):
        return image * factor


scale = Scaler()
