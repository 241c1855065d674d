"""Grade the hostile programs through the public engine and see what becomes of it all."""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

from graders.harness.catalog import Exercise
from graders.harness.corpus import disagreement
from graders.harness.models import ExerciseResult, Reason, Status, Submission
from graders.harness.run import Grader, Request
from graders.harness.submission import digest, locate
from graders.harness.supervisor import ForkServer
from tests.security import remains
from tests.security.hostile_corpus import BY_ROOT, Hostile, HurriedCatalog

#: Seconds that a program may hold the grader beyond its deadline.
GRACE = 2.0
# Some programs only wait for their deadline. On a GPU each is judged by itself, or how long
# it holds the grader would be its neighbours' doing: test_neighbours_on_gpu.py has those.
_JOBS = {"simulator": 3, "cuda": 1}
# A right program is graded after so many hostile ones, beside the next of them.
_RIGHT_EVERY = 10
_RIGHT = "kernel_fusion/matmul_validation"
# A worker's memory: enough for any right program, and soon reached by the others.
_MEMORY = {"simulator": 3 * 2**29, "cuda": 2**32}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How one hostile program fared."""

    hostile: Hostile
    result: ExerciseResult

    @property
    def problem(self) -> str:
        """How the grading differs from what the program says of itself, or nothing."""
        return disagreement(self.hostile.program, self.result)

    @property
    def unearned(self) -> float:
        """Points given by checks that must fail."""
        expected = self.hostile.program.expected
        return sum(c.points for c in self.result.checks if c.name in expected)

    @property
    def held(self) -> float:
        """Seconds for which one check of it held the grader."""
        return max((c.seconds for c in self.result.checks), default=0.0)

    @property
    def overrun(self) -> float:
        """Seconds beyond its deadline."""
        return max(0.0, self.held - self.hostile.deadline)

    @property
    def confused_us(self) -> bool:
        """Whether it made the harness take the fault upon itself."""
        return any(c.status is Status.ERROR for c in self.result.checks)


@dataclass(kw_only=True)
class Campaign:
    """
    What a grading of hostile programs came to.

    Attributes:
        outcomes: By name.

        skipped: Programs that were not graded, and why.

        running: Processes that were left, in words.

        files: Files and folders that were left.

        objects: Objects of the kernel that were left.

        servers_lost: How often the fork server had gone after a batch.

        spoilt: What was wrong with right programs graded among the hostile ones.

        layers: Layers of the sandbox that held.

        missing: Those that did not, and why.
    """

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    running: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    objects: list[str] = field(default_factory=list)
    servers_lost: int = 0
    spoilt: list[str] = field(default_factory=list)
    layers: tuple[str, ...] = ()
    missing: dict[str, str] = field(default_factory=dict)

    def figures(self) -> dict[str, object]:
        """Return what ``--record`` writes of it."""
        known = [o for o in self.outcomes.values() if o.hostile.known]
        others = [o for o in self.outcomes.values() if not o.hostile.known]
        longest = max(others, key=lambda o: o.overrun, default=None)
        return {
            "attacks tried": len(self.outcomes),
            "attacks as stated": sum(not o.problem for o in others),
            "points gained that were not earned": sum(o.unearned for o in others),
            "graders taken down": self.servers_lost + len(self.spoilt),
            "faults taken upon ourselves": sum(o.confused_us for o in others),
            "processes left behind": len(self.running),
            "files left behind": len(self.files) + len(self.objects),
            "longest hold beyond a deadline, s": round(longest.overrun, 2)
            if longest
            else 0,
            "known not to be prevented": {
                o.hostile.name: {
                    "why": o.hostile.known,
                    "prevented here": not o.problem,
                    "points": o.unearned,
                }
                for o in known
            },
            "skipped": self.skipped,
            "layers": list(self.layers),
            "missing layers": self.missing,
            "user": "root" if os.geteuid() == 0 else "ordinary",
        }


def run(device: str, programs: Sequence[Hostile]) -> Campaign:
    """Grade the programs in batches with the same deadline, right ones among them."""
    campaign = Campaign()
    remains.adopt_orphans()
    # Other users' workers must be able to pass through it.
    folder = Path(tempfile.mkdtemp(prefix="hostile-"))
    folder.chmod(0o755)
    before, objects = tempfile.tempdir, remains.kernel_objects()
    tempfile.tempdir = str(folder / "tmp")
    (folder / "tmp").mkdir()
    (folder / "tmp").chmod(0o755)
    (folder / "canary").mkdir()
    (folder / "canary" / "file").touch()
    os.environ["CUPY_HOSTILE_CANARY"] = str(folder / "canary")
    try:
        with remains.services(folder / "canary"):
            _run(campaign, device, programs, folder)
        campaign.objects = sorted(remains.kernel_objects() - objects)
        campaign.files += [str(p) for p in (folder / "tmp").iterdir()]
        if not (folder / "canary" / "file").exists():
            campaign.files.append("a file that is not ours was removed")
    finally:
        del os.environ["CUPY_HOSTILE_CANARY"]
        tempfile.tempdir = before
        remains.remove(folder)
    return campaign


def _run(
    campaign: Campaign, device: str, programs: Sequence[Hostile], folder: Path
) -> None:
    catalog = HurriedCatalog()
    known = remains.children(os.getpid())  # servers of other tests
    with _closed(campaign, _grader(device, catalog)) as grader:
        (right,) = catalog.select([_RIGHT])
        work = [(right, _single(right, right.reference, folder / "right"))]
        report = grader.grade(Request(work=work, device=device))
        campaign.layers = tuple(report.environment["layers"])
        campaign.missing = dict(report.environment.get("missing_layers", {}))
        graded = list(_possible(campaign, device, programs))
        for deadline in sorted({p.deadline for p in graded}):
            batch = [p for p in graded if p.deadline == deadline]
            catalog.deadline = deadline
            _grade(campaign, grader, batch, work[0], folder)
            campaign.files += remains.files_left(folder / "tmp")
    campaign.running += remains.left_running(known)
    remains.end(campaign.running)


def _grader(device: str, catalog: HurriedCatalog) -> Grader:
    """Return a grader whose workers get less memory than is usual."""
    server = functools.partial(ForkServer, memory=_MEMORY[device])
    with mock.patch("graders.harness.run.ForkServer", server):
        return Grader(device, catalog)


@contextlib.contextmanager
def _closed(campaign: Campaign, grader: Grader) -> Iterator[Grader]:
    """Close the grader at the end, and note where that fails."""
    yield grader
    try:
        grader.close()
    except (Exception, RecursionError) as err:  # noqa: BLE001 - it is what we look for
        campaign.spoilt.append(f"the grader could not be closed: {type(err).__name__}")


def _possible(
    campaign: Campaign, device: str, programs: Sequence[Hostile]
) -> Iterator[Hostile]:
    """Yield the programs that can be graded here, and note why others cannot."""
    for program in programs:
        if device not in program.program.devices:
            needed = " or ".join(sorted(program.program.devices))
            campaign.skipped[program.name] = f"it needs the device {needed}"
        elif program.needs.endswith(BY_ROOT) and os.geteuid():
            campaign.skipped[program.name] = "only root can see what it does"
        elif (layer := program.needs.removesuffix(BY_ROOT)) not in (
            "",
            *campaign.layers,
        ):
            why = campaign.missing.get(layer, "it is not there")
            campaign.skipped[program.name] = f"the layer {layer!r}: {why}"
        else:
            yield program


def _grade(
    campaign: Campaign,
    grader: Grader,
    batch: Sequence[Hostile],
    right: tuple[Exercise, Submission],
    folder: Path,
) -> None:
    server = remains.children(os.getpid())
    work: list[tuple[Exercise, Submission]] = []
    hostile: list[Hostile | None] = []
    for some in _chunks(batch, _RIGHT_EVERY):
        work += [(p.program.exercise, _submission(p, folder)) for p in some] + [right]
        hostile += [*some, None]
    jobs = _JOBS[grader.device]
    results = grader.results(Request(work=work, device=grader.device, jobs=jobs))
    for program, result in zip(hostile, results, strict=True):
        if program is not None:
            campaign.outcomes[program.name] = Outcome(hostile=program, result=result)
        elif spoilt := _spoilt(result):
            campaign.spoilt.append(spoilt)
    campaign.servers_lost += remains.children(os.getpid()) != server
    campaign.running += remains.left_running(remains.children(os.getpid()))


def _chunks(items: Sequence[Hostile], size: int) -> Iterable[Sequence[Hostile]]:
    return (items[i : i + size] for i in range(0, len(items), size))


def _spoilt(result: ExerciseResult) -> str:
    wrong = [c for c in result.checks if c.status is not Status.PASSED]
    return "; ".join(
        f"{c.name}: {c.message}" for c in wrong if c.reason is not Reason.NEEDS_GPU
    )


_numbers = itertools.count()


def _submission(program: Hostile, folder: Path) -> Submission:
    exercise = program.program.exercise
    if program.upload is not None:  # where it lies, as its links lead from there
        return locate(program.upload, [exercise], named=True)[0][1]
    return _single(exercise, program.program.path, folder / f"program-{next(_numbers)}")


def _single(exercise: Exercise, path: Path, folder: Path) -> Submission:
    """Copy a module into a folder of its own: files beside it would be staged too."""
    folder.mkdir()
    alone = folder / f"{exercise.slug}.py"
    alone.write_bytes(path.read_bytes())
    return Submission(exercise=exercise.name, path=alone, digest=digest(alone))
