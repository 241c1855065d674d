"""The pictures that the blurs are tried on: drawn afresh, and a photograph.

Owns what is drawn, and why, and what programs return that remember too much; judges
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Draw = Callable[[str], np.random.Generator]
Image = npt.NDArray[np.float32]
Array = npt.NDArray[np.float64]
Blur = Callable[[npt.NDArray[Any], float], Array]

PHOTOGRAPH = "coffee.png"

# Lengths that an FFT takes in any form: no prime factor is above 127, where cuFFT
# refuses callbacks. None is 3, so that the channels' axis of a result is never in
# doubt.
EVEN = (46, 48, 50, 54, 58, 60, 62, 64, 66, 70, 74, 80)
ODD = (43, 45, 49, 53, 55, 61, 63, 67, 71, 75, 77, 83)
LARGE = (512, 513, 516, 520, 525, 528, 532, 539)

# Of the images with the first one's shape and sigma, one lies elsewhere in memory than
# those before it, and one in the same place: a worker reuses every other argument.
ALIKE = (
    "another image of the first shape and sigma",
    "a third image of the first shape and sigma",
)
CLOSE = "the same shape with a sigma close to the first"
RETURN = "the first shape and sigma again"
AGAIN = "the first shape again, with the sigma of the call before"
# Above what a block of threads, or a table of 1024, holds of half a spectrum's row.
WIDE = (44, 2100)
# Of a few pixels, with which a program may take another way, such as the host's. Half of
# the frequencies are two of CuPy's blocks, and all of the pixels three or four.
FEW_ODD, FEW_EVEN = (15, 17), (20, 22, 24)
TALL = "a tall image, blurred by more than its width"
LYING = "a wide image, blurred by more than its height"


@dataclass(frozen=True, kw_only=True)
class Case:
    """
    One image and one sigma.

    Attributes:
        name: What is special about it, for messages.

        image: ``(H, W)`` or ``(H, W, 3)`` float32, values in [0, 1].

        sigma: In pixels.
    """

    name: str
    image: Image
    sigma: float

    @property
    def height(self) -> int:
        """The number of rows."""
        return int(self.image.shape[0])

    @property
    def width(self) -> int:
        """The number of columns."""
        return int(self.image.shape[1])

    @property
    def is_colour(self) -> bool:
        """Whether a pixel has three numbers."""
        return self.image.ndim > 2  # noqa: PLR2004 - rows and columns

    @property
    def pixels(self) -> int:
        """
        The number of pixels.

        As a number of bytes it is a quarter of a float32 plane; no statistic of an image
        is as large.
        """
        return self.height * self.width

    @property
    def slug(self) -> str:
        """The case's name for a file."""
        return "-".join(self.name.replace(",", "").split())

    @property
    def where(self) -> str:
        """The case in the learner's words, for messages."""
        return f"{self.name}, {self.height} x {self.width}, sigma {self.sigma:.4g}"


def gray_cases(draw: Draw, data_folder: Path) -> list[Case]:
    """
    Return the images for ``gaussian_blur``.

    One shape comes with two sigmas and with one that rounds to the first; with the
    first again for another image, at once with H and W swapped, then with a column more,
    then with a row more, and at last with the sigma of another shape's call: whatever a
    program keeps, of all calls or of the last one, by the size, the shape, the spectrum's
    shape, one side or sigma, it meets a call for which that is wrong. Sides are even and
    odd in turn, and once alike. No sigma is 1 or a whole number, but that of the large
    image; some are larger than the shorter side. One image is small.
    """
    rng = draw("gray pictures")
    sizes = _sizes(rng)
    sigma, close = close_sigmas(rng, 1.2, 1.9)
    shade = 0.2 + 0.3 * rng.random()
    little, least = float(rng.uniform(0.6, 0.85)), slight(rng)
    cases = [
        Case(name="an image", image=picture(rng, sizes[0]), sigma=sigma),
        Case(
            name="the same shape with another sigma",
            image=picture(rng, sizes[0]),
            sigma=sigma + float(rng.uniform(0.8, 1.5)),
        ),
        *(Case(name=name, image=picture(rng, sizes[0]), sigma=sigma) for name in ALIKE),
        Case(
            name=CLOSE,
            image=picture(rng, sizes[0]),
            sigma=close,
        ),
        Case(name=RETURN, image=picture(rng, sizes[0]), sigma=sigma),
        Case(
            name="height and width swapped, the first sigma",
            image=picture(rng, sizes[1]),
            sigma=sigma,
        ),
        *(
            Case(name=name, image=picture(rng, size), sigma=sigma)
            for name, size in _neighbours(sizes[1])
        ),
        Case(
            name="an image with height and width swapped",
            image=picture(rng, sizes[1]),
            sigma=little,
        ),
        Case(name=AGAIN, image=picture(rng, sizes[0]), sigma=little),
        Case(
            name="a dark image with odd sides",
            image=np.float32(shade) * picture(rng, sizes[2]),
            sigma=least,
        ),
        Case(
            name="odd sides swapped, the same sigma",
            image=picture(rng, sizes[2][::-1]),
            sigma=least,
        ),
        Case(
            name="a square image with even sides and values beyond 0 and 1",
            image=unbounded(picture(rng, sizes[3])),
            sigma=float(rng.uniform(0.6, 0.85)),
        ),
        Case(name="a very wide image", image=picture(rng, WIDE), sigma=little),
        Case(name="a large image", image=picture(rng, sizes[4]), sigma=20.0),
        Case(
            name="a large image, blurred more",
            image=picture(rng, sizes[4][::-1]),
            sigma=wide(rng, sizes[4]),
        ),
        Case(name="a small image", image=picture(rng, few(rng)), sigma=little),
        *(
            Case(name=name, image=picture(rng, size), sigma=sigma)
            for name, size, sigma in narrow(rng)
        ),
    ]
    gray = photograph(data_folder).mean(axis=-1, dtype=np.float32)
    sigma = float(rng.uniform(1.5, 3.5))
    cases.append(Case(name="the photograph", image=gray, sigma=sigma))
    return cases


def unbounded(image: Image) -> Image:
    """Return an image with values from -3 to 5: nobody said that they are shades."""
    return np.ascontiguousarray(8 * image - 3, dtype=np.float32)


def slight(rng: np.random.Generator) -> float:
    """Draw a sigma far below a pixel: it blurs still, and nobody may round it away."""
    return float(rng.uniform(0.11, 0.17))


def wide(rng: np.random.Generator, size: tuple[int, int]) -> float:
    """Draw a sigma of a quarter of an image: only its coarsest waves are left to see."""
    return float(rng.uniform(0.21, 0.25)) * max(size)


def few(rng: np.random.Generator) -> tuple[int, int]:
    """Draw the sides of a small image, odd and even."""
    return int(rng.choice(FEW_ODD)), int(rng.choice(FEW_EVEN))


def narrow(
    rng: np.random.Generator,
) -> list[tuple[str, tuple[int, int], float]]:
    """
    Draw two narrow images, one tall and one wide, each with a sigma above its short side.

    Along the short side nothing is left to see, and along the long one its coarsest waves:
    a program that limits sigma by the one shows in the other.

    Returns:
        For each its name, its sides and its sigma.
    """
    tall = int(rng.choice(LARGE)), int(rng.choice(EVEN))
    lying = int(rng.choice(ODD)), int(rng.choice(LARGE))
    return [
        (name, size, float(rng.uniform(1.2, 1.5)) * min(size))
        for name, size in ((TALL, tall), (LYING, lying))
    ]


def close_sigmas(
    rng: np.random.Generator, low: float, high: float
) -> tuple[float, float]:
    """
    Draw two sigmas that are the same to two digits, and to fewer, rounded or cut off.

    They are so far apart that the blurs differ by twenty times the tolerance and more.
    """
    tenth = int(rng.integers(round(10 * low), round(10 * high)))
    # With 0 or 5 here, rounding to one digit or none would tell the two apart.
    hundredth = int(rng.choice((1, 2, 3, 4, 6, 7, 8, 9)))
    middle, away = tenth / 10 + hundredth / 100, float(rng.uniform(0.003, 0.0045))
    return middle - away, middle + away


def colour_cases(draw: Draw, data_folder: Path) -> list[Case]:
    """
    Return the images for ``sepia_blur``.

    As for :func:`gray_cases`; besides, some are so bright that sepia exceeds 1 in a
    third of the pixels or more, and some so dark that it does nowhere.
    """
    rng = draw("colour pictures")
    sizes = _sizes(rng)
    low, close = close_sigmas(rng, 0.6, 0.9)
    high, least = rng.uniform(1.6, 2.8, size=2), float(rng.uniform(0.3, 0.45))
    cases = [
        Case(
            name="a bright image",
            image=colour_picture(rng, sizes[0], darkest=0.6),
            sigma=low,
        ),
        Case(
            name="the same shape with another sigma",
            image=colour_picture(rng, sizes[0]),
            sigma=float(high[0]),
        ),
        *(
            Case(
                name=name,
                image=colour_picture(rng, sizes[0], darkest=0.2),
                sigma=low,
            )
            for name in ALIKE
        ),
        Case(
            name=CLOSE,
            image=colour_picture(rng, sizes[0]),
            sigma=close,
        ),
        Case(name=RETURN, image=colour_picture(rng, sizes[0]), sigma=low),
        Case(
            name="height and width swapped, the first sigma",
            image=colour_picture(rng, sizes[1]),
            sigma=low,
        ),
        *(
            Case(name=name, image=colour_picture(rng, size), sigma=low)
            for name, size in _neighbours(sizes[1])
        ),
        Case(
            name="a dark image, height and width swapped",
            image=colour_picture(rng, sizes[1], brightest=0.45),
            sigma=least,
        ),
        Case(name=AGAIN, image=colour_picture(rng, sizes[0]), sigma=least),
        Case(
            name="a bright image with odd sides",
            image=colour_picture(rng, sizes[2], darkest=0.5),
            sigma=float(high[1]),
        ),
        Case(
            name="odd sides swapped, the same sigma",
            image=colour_picture(rng, sizes[2][::-1]),
            sigma=float(high[1]),
        ),
        Case(
            name="a square image with even sides",
            image=colour_picture(rng, sizes[3]),
            sigma=slight(rng),
        ),
        Case(
            name="a very wide image",
            image=colour_picture(rng, WIDE),
            sigma=low,
        ),
        Case(
            name="a large image",
            image=colour_picture(rng, sizes[4], darkest=0.3),
            sigma=20.0,
        ),
        Case(
            name="a large image, blurred more",
            image=colour_picture(rng, sizes[4][::-1]),
            sigma=wide(rng, sizes[4]),
        ),
        Case(name="a small image", image=colour_picture(rng, few(rng)), sigma=low),
        *(
            Case(name=name, image=colour_picture(rng, size), sigma=sigma)
            for name, size, sigma in narrow(rng)
        ),
    ]
    sigma = float(rng.uniform(1.5, 3.5))
    image = photograph(data_folder)
    cases.append(Case(name="the photograph", image=image, sigma=sigma))
    return cases


def picture(rng: np.random.Generator, size: tuple[int, int]) -> Image:
    """
    Draw a gray picture: patches, which the widest blur leaves to see, under fine noise.

    Returns:
        A ``(height, width)`` array with values in [0, 1] and no symmetry.
    """
    height, width = size
    patches = rng.random((5, 7))
    rows = np.arange(height) * 5 // height
    columns = np.arange(width) * 7 // width
    noise = rng.random((height, width))
    mixed = 0.65 * patches[rows[:, None], columns] + 0.35 * noise
    return np.ascontiguousarray(mixed, dtype=np.float32)


def colour_picture(
    rng: np.random.Generator,
    size: tuple[int, int],
    *,
    darkest: float = 0.0,
    brightest: float = 1.0,
) -> Image:
    """
    Draw a ``(height, width, 3)`` picture with values from ``darkest`` to ``brightest``.

    The channels are drawn apart, so that no two of them can be confused.
    """
    channels = np.stack([picture(rng, size) for _ in range(3)], axis=-1)
    scaled = darkest + (brightest - darkest) * channels
    return np.ascontiguousarray(scaled, dtype=np.float32)


def photograph(data_folder: Path) -> Image:
    """Return the photograph, ``(196, 285, 3)`` float32 in [0, 1]."""
    from PIL import Image as Pictures  # noqa: PLC0415 - not needed to collect

    with Pictures.open(data_folder / PHOTOGRAPH) as file:
        pixels: npt.NDArray[Any] = np.asarray(file.convert("RGB"))
    return (pixels / np.float32(255)).astype(np.float32)


def remembered(
    blur: Blur, case: Case, expected: Array, earlier: Sequence[Case]
) -> dict[str, Callable[[], Array]]:
    """
    Return what a program would give that keeps something of an earlier call.

    Args:
        blur: The oracle.

        case: The case at hand.

        expected: The oracle's answer to it.

        earlier: The cases before it.

    Returns:
        As the oracles' mistakes. The first of them is the answer itself, with which a
        program agrees that is right, but not to single precision.
    """
    mistakes: dict[str, Callable[[], Array]] = {
        "This is right to a few digits only. Is something rounded to half precision, "
        "or to whole numbers, on its way?": lambda: expected
    }
    for other in earlier:
        scale = case.image.size / other.image.size
        mistakes |= {
            f"This is the blur for the sigma of an earlier call, {other.sigma:.4g}: "
            "what do you keep between calls?": partial(blur, case.image, other.sigma),
            f"This is divided by the size of an earlier image, {other.height} x "
            f"{other.width}: a number in a callback is frozen when it is compiled.": (
                partial(np.multiply, expected, scale)
            ),
        }
        if other.image.shape == case.image.shape:
            mistakes[
                f"This is the result of an earlier call ({other.where}): what do you "
                "keep between calls?"
            ] = partial(blur, other.image, other.sigma)
            mistakes[
                f"This is the image of an earlier call, {other.name}, blurred for the "
                "sigma of this one: a plan keeps its operand until reset_operand."
            ] = partial(blur, other.image, case.sigma)
    return mistakes


def _sizes(rng: np.random.Generator) -> list[tuple[int, int]]:
    """Draw even x odd, the same swapped, odd x odd, an even square, and a large size."""
    odd = [int(n) for n in rng.choice(ODD, size=3, replace=False)]
    even = even_beside(rng, odd[0])
    large = [int(n) for n in rng.choice(LARGE, size=2, replace=False)]
    return [
        (even[0], odd[0]),
        (odd[0], even[0]),
        (odd[1], odd[2]),
        (even[1], even[1]),
        (large[0], large[1]),
    ]


def even_beside(rng: np.random.Generator, odd: int) -> list[int]:
    """Draw three even lengths; the first times ``odd``, less a column, is no square."""
    some = [n for n in EVEN if n != odd - 1]
    return [int(n) for n in rng.choice(some, size=3, replace=False)]


def _neighbours(swapped: tuple[int, int]) -> list[tuple[str, tuple[int, int]]]:
    """
    Return two sizes for after an odd x even one.

    One has a column more, with which half of a spectrum keeps its shape; the other besides
    has a row more.
    """
    height, width = swapped
    return [
        (
            "one column more, a spectrum of the same shape, the first sigma",
            (height, width + 1),
        ),
        (
            "one row more than that, the same width, the first sigma",
            (height + 1, width + 1),
        ),
    ]
