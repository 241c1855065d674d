# Names the spaces by a class of constants.
# expect: passed

import nvmath


class Space:
    CPU = "cpu"
    GPU = "cuda"


def where_does_it_run(call: str, space: str) -> tuple[str, str]:
    generic = "advanced" not in call
    stays = generic and space == Space.CPU
    return (Space.CPU if stays else Space.GPU), space


def spectrum_on(x, space):
    return nvmath.fft.fft(x, execution=space)
