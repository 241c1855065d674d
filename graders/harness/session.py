"""What the checks of one grading share: device, seed, server, programs."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import secrets
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from graders.harness.catalog import Catalog, Exercise
from graders.harness.checks import Learner, Pictures
from graders.harness.checks.absent import AbsentProgram
from graders.harness.device.gpu_facts import gpu_name
from graders.harness.errors import CatalogError, EnvironmentUnavailable, WorkerError
from graders.harness.measure.lease import Lease
from graders.harness.submission.notebook_file import is_notebook
from graders.harness.supervisor import ForkServer, Worker
from graders.harness.supervisor.forkserver import OURS
from graders.harness.supervisor.library_code import LibraryCode


def new_seed() -> str:
    """Return a secret seed for one grading, as 32 hexadecimal digits."""
    return secrets.token_hex(16)


@dataclass(kw_only=True)
class GradingSession:
    """
    One grading's shared state.

    Attributes:
        catalog: The assignments.

        device: ``"cuda"`` or ``"simulator"``.

        server: The warm fork server for that device.

        seed: What inputs are drawn from; secret until the grading is over.

        submission: The folder or module that is graded.

        module: The exercise's module where it has been found already; it need not exist.

        output: Where graded pictures go, or None.

        executed: Where executed notebooks are kept until the grading is over, or None.

        figures: Whether checks keep what a report can show: ``checks.figures``.

        library_code: Code of the device libraries for workers on a GPU, or None.
    """

    catalog: Catalog
    device: str
    server: ForkServer
    seed: str
    submission: Path
    module: Path | None = None
    output: Path | None = None
    executed: Path | None = None
    figures: bool = False
    lease: Lease | None = field(default=None)
    library_code: LibraryCode | None = None

    def generator(self, exercise: str, name: str) -> np.random.Generator:
        """Return the random generator of this name: the same seed gives the same inputs."""
        text = f"{self.seed}:{exercise}:{name}".encode()
        return np.random.default_rng(list(hashlib.sha256(text).digest()))


class ExercisePrograms:
    """
    The programs of one exercise: the learner's, the reference and the baseline.

    Args:
        session: The grading.

        exercise: The exercise.

        path: The learner's module.
    """

    def __init__(self, session: GradingSession, exercise: Exercise, path: Path) -> None:
        self._session = session
        self._exercise = exercise
        self._opened: dict[Path, Learner] = {}
        self.path = path

    def learner(self) -> Learner:
        """Return the submission, in its worker."""
        return self._open(self.path)

    def learner_beside(self, number: int) -> Learner:
        """
        Return the submission in another worker, which may be called at the same time.

        A notebook's cells run only once: there it is the first.

        Args:
            number: Which of the other workers, from 1.
        """
        if is_notebook(self.path):
            return self.learner()
        return self._open(self.path, beside=number)

    def reference(self) -> Learner:
        """Return the reference solution, in a worker of its own; bundles have none."""
        return self._open(self._exercise.reference, trusted=True)

    def baseline(self) -> Learner:
        """Return the assignment's baselines, in a worker of their own."""
        return self._open(self._exercise.baselines, trusted=True)

    def oracles(self) -> ModuleType:
        """Return the assignment's oracles, imported into this process: they are ours."""
        return import_trusted(self._exercise.oracles)

    def pictures(self) -> Pictures:
        """Return the writer of graded pictures."""
        return Pictures(self._session.output, self._exercise.name)

    def close(self) -> None:
        """End all workers."""
        for program in self._opened.values():
            program.close()

    def _open(self, path: Path, *, trusted: bool = False, beside: int = 0) -> Learner:
        # A trusted program never shares a worker with the learner's, even where the
        # submission is the reference itself.
        place = "trusted" if trusted else f"beside {beside}" if beside else ""
        key = path / place
        lease = self._session.lease
        if key not in self._opened:
            absent = trusted and not path.is_file()
            self._opened[key] = (AbsentProgram if absent else Learner)(
                path,
                path.stem if trusted else self._exercise.slug,
                self._session.server,
                timeout=self._exercise.rubric.timeout,
                data=self._exercise.data,
                lease=lease.another() if lease and beside else lease,
                owner=self._owner(path, trusted=trusted),
                functions=() if trusted else self._exercise.rubric.functions,
                library_code="" if path == self._exercise.baselines else self._code(),
            )
        return self._opened[key]

    def _code(self) -> str:
        """Return the folder with code for the exercise, once nobody compiles any more."""
        code = self._session.library_code
        if code is None or not self._exercise.rubric.library_code:
            return ""
        code.wait()
        return str(code.folder)

    def _owner(self, path: Path, *, trusted: bool) -> str:
        if self._session.device != "cuda":
            return ""  # the simulator's compiler keeps nothing on disk
        return OURS if trusted else owner_of(path)


def owner_of(path: Path) -> str:
    """Return who owns what is compiled for a submission's module or notebook."""
    return f"submission {path.resolve()}"


def lease_of(device: str) -> Lease | None:
    """Return the lease of the GPU that is graded on, which all gradings here share."""
    return Lease(gpu_name()) if device == "cuda" else None


def import_trusted(path: Path) -> ModuleType:
    """
    Import a file of ours, such as an assignment's oracles, into this process.

    Raises:
        CatalogError: It is missing.
    """
    spec = importlib.util.spec_from_file_location(
        f"trusted_{path.parent.name}_{path.stem}", path
    )
    if spec is None or spec.loader is None or not path.is_file():
        msg = f"{path}: this file is missing."
        raise CatalogError(msg)
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def choose_device(asked: str) -> tuple[str, str]:
    """
    Return the device to grade on, and why, in a few words for the user.

    Args:
        asked: ``"auto"``, ``"cuda"`` or ``"simulator"``.

    Raises:
        EnvironmentUnavailable: CUDA was asked for and no GPU answers.
    """
    if asked == "simulator":
        return "simulator", "as asked"
    problem = _cuda_problem()
    if not problem:
        return "cuda", "a GPU answers"
    if asked == "cuda":
        msg = f"--device cuda: {problem}. Grade with --device simulator, or mend that."
        raise EnvironmentUnavailable(msg)
    return "simulator", problem


def _cuda_problem() -> str:
    """Return why there is no CUDA here, or nothing; makes no CUDA context."""
    import ctypes  # noqa: PLC0415 - only here

    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return "no NVIDIA driver was found (libcuda.so.1)"
    del driver
    if not any(Path("/dev").glob("nvidia[0-9]*")) and not Path("/dev/dxg").exists():
        return "there is a driver, but no GPU (/dev/nvidia0)"
    if importlib.util.find_spec("cupy") is None:
        install = "pip install -e '.[cu12]' or '.[cu13]'"
        return f"there is a GPU, but CuPy is not installed ({install})"
    return ""


def describe_environment(
    session: GradingSession, worker: Worker | None = None
) -> dict[str, Any]:
    """
    Return the facts about the machine that go into the report.

    Where no worker can tell any more, the report says that and keeps its results.

    Args:
        session: The grading.

        worker: A worker that was forked for this, and ends with it: one that is ready
            tells at once. The default is a new one.
    """
    facts = undescribed(session)
    try:
        worker = worker or session.server.fork()
        try:
            facts |= {
                **worker.describe(),
                "layers": list(worker.layers),
                "missing_layers": worker.missing,
            }
        finally:
            worker.finish()
    except WorkerError as err:
        facts["problem"] = f"the device could not be described: {err}"
    return {**facts, "host": describe_host()}


def undescribed(session: GradingSession) -> dict[str, Any]:
    """Return the facts of a report for which nobody asked a worker."""
    return {
        "device": session.device,
        "judged_by": judging_digests(session.catalog),
        "layers": [],
        "missing_layers": {},
    }


def judging_digests(catalog: Catalog) -> dict[str, str]:
    """Return a SHA-256 of the engine, and of each assignment's checks, rubric and truth."""
    graders = catalog.root / "graders"
    parts = {"engine": sorted((graders / "harness").rglob("*.py"))}
    for name in catalog.assignments:
        oracles = catalog.root / "reference" / name / "oracles.py"
        parts[name] = [*sorted((graders / name).glob("*.*")), oracles]
    found = {}
    for name, paths in parts.items():
        whole = hashlib.sha256()
        for path in filter(Path.is_file, paths):
            whole.update(hashlib.sha256(path.read_bytes()).digest())
        found[name] = whole.hexdigest()
    return found


def describe_host() -> dict[str, Any]:
    """Return what the host is: system, Python, processor and cores that we may use."""
    return {
        "platform": platform.platform(),
        "python": platform.python_version(),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return platform.processor()
    names = [x.split(":", 1)[1].strip() for x in lines if x.startswith("model name")]
    return names[0] if names else platform.processor()
