"""Every error of the engine. Errors are ours, failures are the learner's.

HarnessError                 ours: the instructor, the administrator or we must act
├── UsageError               the command line is wrong
├── RubricError              a rubric.toml is wrong
├── CatalogError             the three trees do not fit together
├── EnvironmentUnavailable   this machine lacks what a check needs
├── EnvironmentMismatch      two observations come from different devices
├── Ungradable               a format has no word for a report without a verdict
└── WorkerError              the child process that runs the learner's program
    ├── WorkerCrashed        it ended without saying that it was finished
    ├── WorkerTimedOut       it did not answer in time and was killed
    └── ProtocolError        what it sent is not a message
Failure (AssertionError)     the learner's: a check did not pass; one class for each reason
NotRun                       neither: the check cannot be run on this machine
"""

from __future__ import annotations

from typing import ClassVar

from graders.harness.models import Reason


class HarnessError(Exception):
    """The harness cannot go on; the message says who can mend it and how."""


class UsageError(HarnessError):
    """The command line asks for something that is not there; correct the command."""


class RubricError(HarnessError):
    """A rubric.toml is wrong; the instructor corrects the named key."""


class CatalogError(HarnessError):
    """The three trees do not fit together; the instructor mends the named file."""


class EnvironmentUnavailable(HarnessError):
    """This machine lacks what a check needs; install what the message names."""


class EnvironmentMismatch(HarnessError):
    """Two observations come from different devices and may not be compared."""


class Ungradable(HarnessError):
    """A format would make a zero of an ungraded report; grade again."""


class WorkerError(HarnessError):
    """The child process that runs a program is gone or cannot be understood."""


class WorkerCrashed(WorkerError):
    """
    The worker ended without saying that it was finished.

    Attributes:
        exit_code: Its exit status, or None where a signal ended it or nothing is known.

        signal: The number of the signal that ended it, or None.

        because: What it used too much of, with figures (``"memory: ..."``); empty where
            the harness did not end it for that.
    """

    def __init__(
        self,
        message: str,
        *,
        exit_code: int | None = None,
        signal: int | None = None,
        because: str = "",
    ) -> None:
        super().__init__(message)
        self.because = because
        self.exit_code = exit_code
        self.signal = signal

    def __reduce__(self) -> tuple[object, ...]:
        return (
            _rebuild_crash,
            (str(self), self.exit_code, self.signal, self.because),
        )


def _rebuild_crash(
    message: str, exit_code: int | None, signal: int | None, because: str
) -> WorkerCrashed:
    return WorkerCrashed(message, exit_code=exit_code, signal=signal, because=because)


class WorkerTimedOut(WorkerError):
    """The worker did not answer in time and was killed, with its process group."""


class ProtocolError(WorkerError):
    """What the worker sent is not a message of the protocol; it is not to be trusted."""


class NotRun(Exception):  # noqa: N818 - it is an outcome, not an error
    """
    The check cannot be run on this machine: its points are neither given nor taken.

    Attributes:
        reason: ``needs_gpu`` or ``prerequisite``.

        not_modelled: Whether the program itself is why: it uses what the simulator does
            not model.

        place: The staged file and the line that it is about, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        reason: Reason = Reason.NEEDS_GPU,
        not_modelled: bool = False,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.not_modelled = not_modelled
        self.place: tuple[str, int] | None = None


class Failure(AssertionError):
    """
    A check did not pass, and the learner can change that.

    Attributes:
        reason: The reason code.

        message: What was seen, with numbers, and what was expected.

        hint: What to try next, or an empty string.

        earned: The fraction of the check's points that is earned all the same, 0 to 1.

        place: The staged file and the line that it is about, or None where no line is
            known. An empty name stands for the exercise's own module.
    """

    reason: ClassVar[Reason] = Reason.WRONG_VALUE

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        earned: float = 0.0,
        place: tuple[str, int] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.earned = min(1.0, max(0.0, earned))
        self.place = place

    def __reduce__(self) -> tuple[object, ...]:
        data = (type(self), self.message, self.hint, self.earned, self.place)
        return (_rebuild_failure, data)


def _rebuild_failure(
    cls: type[Failure],
    message: str,
    hint: str,
    earned: float,
    place: tuple[str, int] | None,
) -> Failure:
    return cls(message, hint=hint, earned=earned, place=place)


class Unimplemented(Failure):
    """The stub still raises NotImplementedError."""

    reason = Reason.UNIMPLEMENTED


class WrongValue(Failure):
    """A value differs from the oracle's by more than the tolerance."""

    reason = Reason.WRONG_VALUE


class WrongShape(Failure):
    """A result has another shape than the contract says."""

    reason = Reason.WRONG_SHAPE


class WrongDtype(Failure):
    """A result has another dtype or type than the contract says."""

    reason = Reason.WRONG_DTYPE


class WrongMemorySpace(Failure):
    """A result lies, or work ran, on the wrong side of the bus."""

    reason = Reason.WRONG_MEMORY_SPACE


class NotFused(Failure):
    """Work that belongs inside a library call ran in kernels of its own."""

    reason = Reason.NOT_FUSED


class ExtraCopies(Failure):
    """Data moved that did not need to."""

    reason = Reason.EXTRA_COPIES


class WrongPhases(Failure):
    """A library object was planned, executed or freed another number of times."""

    reason = Reason.WRONG_PHASES


class TooSlow(Failure):
    """A time ratio lies below its threshold, and not by chance."""

    reason = Reason.TOO_SLOW


class MutatedInput(Failure):
    """The call changed an argument that it should only read."""

    reason = Reason.MUTATED_INPUT


class TimedOut(Failure):
    """The program did not return in time."""

    reason = Reason.TIMED_OUT


class Crashed(Failure):
    """The program raised an exception or took its process down."""

    reason = Reason.CRASHED


class OutOfMemory(Failure):
    """The program asked for more memory than there is."""

    reason = Reason.OUT_OF_MEMORY


class ImportFailed(Failure):
    """The module is missing, cannot be imported, or lacks a function of the contract."""

    reason = Reason.IMPORT_FAILED


class CompileFailed(Failure):
    """A callback or kernel does not compile."""

    reason = Reason.COMPILE_FAILED
