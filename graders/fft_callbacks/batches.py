"""The batches of ``batch_blur``, and how often their blurs may compile, plan and execute.

Owns also what a program returns that mixes images up. What one blur must show is in
``fusion``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from types import ModuleType

import numpy as np

from graders.fft_callbacks.limits import limited
from graders.fft_callbacks.pictures import (
    CLOSE,
    LARGE,
    ODD,
    Array,
    Case,
    Image,
    close_sigmas,
    even_beside,
    few,
    narrow,
    picture,
    slight,
    unbounded,
)
from graders.harness.checks import (
    Evidence,
    Operation,
    operations_of,
    transforms_begun,
)
from graders.harness.errors import NotFused, WrongPhases

Draw = Callable[[str], np.random.Generator]

_PLANS = 2
_BEYOND = "even sides and values beyond 0 and 1"
_NARROWER = "one column less than the first batch, spectra of the same shape"


@dataclass(frozen=True, kw_only=True)
class Batch:
    """
    The images of one call and their sigma.

    Attributes:
        name: What is special about it, for messages.

        images: All of one shape, all different.

        sigma: In pixels.
    """

    name: str
    images: tuple[Image, ...]
    sigma: float

    def case(self, number: int = 0) -> Case:
        """Return one image of the batch as a case, for messages and sizes."""
        place = f"image {number} of {len(self.images)}, {self.name}"
        return Case(name=place, image=self.images[number], sigma=self.sigma)

    @property
    def where(self) -> str:
        """The batch in the learner's words, for messages."""
        height, width = self.images[0].shape
        count = len(self.images)
        images = "1 image" if count == 1 else f"{count} images"
        return f"{self.name}, {images} of {height} x {width}, sigma {self.sigma:.4g}"


def batches(draw: Draw) -> list[Batch]:
    """
    Return the batches for ``blur_batch``.

    One shape comes with two sigmas and with one that rounds to the first, with two
    numbers of images, with height and width swapped, with one column less, which leaves
    the spectrum its shape, and then one row more; at last it comes with the sigma of the
    call before: whatever a program keeps between calls, it meets one for which that is
    wrong. Among the numbers of images are 1 and 20. Some images are large, some small, and
    some narrow, with a sigma above their shorter side.
    """
    rng = draw("batches")
    odd = [int(n) for n in rng.choice(ODD, size=3, replace=False)]
    even = even_beside(rng, odd[0])
    large = [int(n) for n in rng.choice(LARGE, size=2, replace=False)]
    sigma, close = close_sigmas(rng, 1.2, 1.9)
    other = float(rng.uniform(2.2, 3.2))
    small = float(rng.uniform(0.6, 0.85))
    first = even[0], odd[0]
    narrower = even[0], odd[0] - 1
    drawn = (
        ("the first batch", 4, first, sigma),
        ("the same shape with another sigma", 2, first, other),
        ("other images of the first shape and sigma", 4, first, sigma),
        ("more images of the first shape and sigma", 7, first, sigma),
        (CLOSE, 2, first, close),
        ("height and width swapped", 3, first[::-1], sigma),
        (_NARROWER, 2, narrower, sigma),
        ("one row more, the same width", 2, (narrower[0] + 1, narrower[1]), sigma),
        ("a batch of one", 1, (odd[1], odd[2]), small),
        # One of these two lies where the image before it lay, and one elsewhere.
        ("another batch of one", 1, (odd[1], odd[2]), small),
        ("a third batch of one", 1, (odd[1], odd[2]), small),
        ("many of the first shape, the sigma of the call before", 20, first, small),
        (_BEYOND, 5, (even[1], even[2]), slight(rng)),
        ("large images", 2, (large[0], large[1]), 20.0),
        ("small images", 3, few(rng), sigma),
        *((name, 2, size, value) for name, size, value in narrow(rng)),
    )
    found = []
    for name, count, size, value in drawn:
        images = _images(rng, size, count)
        if name == _BEYOND:
            images = tuple(map(unbounded, images))
        found.append(Batch(name=name, images=images, sigma=value))
    return found


def expect_phases(evidence: Evidence, batch: Batch) -> None:
    """
    Check that setup was shared: compiled once, planned once each, executed once an image.

    Raises:
        WrongPhases: A step was taken another number of times.
    """
    plans = operations_of(evidence, "fft", "plan")
    ran = operations_of(evidence, "fft", "execute")
    count = len(batch.images)
    if not ran:
        msg = (
            f"nvmath ran no transform on the GPU ({batch.where}). Expected for each image "
            "was one execution forward and one back."
        )
        raise WrongPhases(
            msg, hint="nvmath.fft.FFT plans, and executes again and again."
        )
    if len(plans) > _PLANS:
        msg = (
            f"{len(plans)} transforms were planned ({batch.where}). Expected were {_PLANS} "
            "at most: one forward, one back, for the whole batch."
        )
        hint = (
            "nvmath.fft.rfft and irfft plan in every call. What does an FFT object have "
            "to be told before it executes for another image?"
        )
        raise WrongPhases(msg, hint=hint)
    for direction, way in (("forward", "forward"), ("inverse", "back")):
        seen = sum(op.direction == direction for op in ran)
        if seen != count:
            were = "transform was" if seen == 1 else "transforms were"
            msg = (
                f"{seen} {were} executed {way} ({batch.where}). Expected: {count}, one for "
                "each image."
            )
            raise WrongPhases(msg, hint=_execution_hint(ran, seen, count))
    _expect_compiled_once(evidence, batch)


def expect_even_growth(evidence: Evidence, batch: Batch) -> None:
    """
    Check that each image takes the same number of kernels of the transforms.

    How often transforms are executed is judged by :func:`expect_phases`; here they are
    once an image, each way.

    Raises:
        NotFused: Their number is no multiple of the number of images.

        EnvironmentUnavailable: No kernel of nvmath's transforms was seen.
    """
    transforms_begun(evidence)  # or there was nothing to count
    kernels = sum(kernel.kind == "fft" for kernel in evidence.kernels)
    count = len(batch.images)
    if len(operations_of(evidence, "fft", "execute")) == 2 * count and kernels % count:
        msg = (
            f"The transforms took {kernels} kernels ({batch.where}), which is not the "
            "same number for each image. Expected was that every image takes the same."
        )
        raise NotFused(msg, hint="Which transform is run for some of the images only?")


def remembered(
    oracles: ModuleType, batch: Batch, number: int, earlier: Sequence[Batch]
) -> dict[str, Callable[[], Array]]:
    """
    Return what a program gives for an image that mixes up images or calls.

    Args:
        oracles: The assignment's.

        batch: The batch at hand.

        number: Which of its images.

        earlier: The batches before it.
    """
    blur = oracles.gaussian_blur
    image = batch.images[number]
    mistakes: dict[str, Callable[[], Array]] = {
        "This is right to a few digits only. Is something rounded to half precision, "
        "or to whole numbers, on its way?": partial(blur, image, batch.sigma)
    }
    last = len(batch.images) - 1
    for other, picture_ in enumerate(batch.images):
        if other != number:
            mistakes[_other_image(number, other, last)] = partial(
                blur, picture_, batch.sigma
            )
    for call in earlier:
        if call.sigma != batch.sigma:
            mistakes[
                f"This is the blur for the sigma of an earlier call, {call.sigma:.4g}: "
                "what do you keep between calls?"
            ] = partial(blur, image, call.sigma)
        if call.images[0].shape == image.shape and number < len(call.images):
            mistakes[
                f"This is image {number} of an earlier call ({call.where}): what do you "
                "keep between calls?"
            ] = partial(blur, call.images[number], call.sigma)
    return mistakes | limited(blur, image, batch.sigma)


def _images(
    rng: np.random.Generator, size: tuple[int, int], count: int
) -> tuple[Image, ...]:
    """Draw images of unlike brightness, so that no two can be confused."""
    shades = 0.3 + 0.7 * rng.permutation(count + 1)[1:] / max(1, count)
    return tuple(
        np.ascontiguousarray(np.float32(shade) * picture(rng, size)) for shade in shades
    )


def _expect_compiled_once(evidence: Evidence, batch: Batch) -> None:
    compiled = operations_of(evidence, "callback", "compile")
    last = {op.handle: op for op in operations_of(evidence, "fft", "execute")}
    in_use = sum(op.prolog + op.epilog for op in last.values())
    if len(compiled) > max(1, in_use):
        msg = (
            f"{len(compiled)} callbacks were compiled ({batch.where}), and the plans have "
            f"{in_use}. Expected was that each is compiled once, whatever the number of "
            "images."
        )
        hint = "What in the callback depends on the image? Compile it before the loop."
        raise WrongPhases(msg, hint=hint)


def _execution_hint(ran: Sequence[Operation], seen: int, count: int) -> str:
    if seen == 1 and any(op.batch == count for op in ran):
        return (
            "Stacking the images copies each of them: let the two plans run for each."
        )
    if seen == count + 1:
        return (
            "One image was transformed twice. A plan needs an operand of the right shape "
            "and strides, not of the right values."
        )
    if seen < count:
        return "Which images are never transformed?"
    return "What is executed more than once for an image?"


def _other_image(number: int, other: int, last: int) -> str:
    if other == 0:
        return (
            "This is the blur of the first image: a plan keeps its operand until "
            "reset_operand."
        )
    if other == last:
        return (
            "This is the blur of the last image: do all results lie in one buffer, which "
            "each image overwrites? Or do they come in another order?"
        )
    if other == number - 1:
        return (
            "This is the blur of the image before: was the operand reset after the "
            "execution, or the result appended too late?"
        )
    return f"This is the blur of image {other} of the batch."
