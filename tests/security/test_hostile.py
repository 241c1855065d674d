"""Every hostile program is graded as it says, earns nothing, and leaves nothing behind."""

from __future__ import annotations

import pytest

from graders.harness.models import Status
from tests.security import campaign as campaigns
from tests.security.campaign import Campaign
from tests.security.hostile_corpus import Hostile, read_hostile

ALL = read_hostile()
LEAST = 60


@pytest.fixture
def outcome(
    name: str, campaign: Campaign, programs: list[Hostile]
) -> campaigns.Outcome:
    """How one program fared, where it was graded."""
    if name not in {p.name for p in programs}:
        pytest.skip("not in this sample")
    if name in campaign.skipped:
        pytest.skip(campaign.skipped[name])
    return campaign.outcomes[name]


@pytest.mark.parametrize("name", [p.name for p in ALL if not p.known])
def test_is_judged_as_it_says(outcome: campaigns.Outcome) -> None:
    """Exactly the checks fail that it names, for the reasons that it names."""
    assert outcome.problem == ""


@pytest.mark.parametrize(
    "name", [p.name for p in ALL if not p.known and p.program.expected]
)
def test_earns_nothing(outcome: campaigns.Outcome) -> None:
    """No check that must fail gives a point."""
    assert outcome.unearned == 0


@pytest.mark.parametrize("name", [p.name for p in ALL if not p.known])
def test_is_ended_in_time(outcome: campaigns.Outcome) -> None:
    """It holds the grader no longer than its deadline and a little more."""
    assert outcome.overrun <= campaigns.GRACE


@pytest.mark.parametrize("name", [p.name for p in ALL if p.known])
def test_what_cannot_be_prevented_stays_in_its_worker(
    outcome: campaigns.Outcome,
) -> None:
    """It may forge what its own worker says, and takes nothing else down."""
    assert not any(c.status is Status.ERROR for c in outcome.result.checks)


@pytest.mark.parametrize("name", [p.name for p in ALL if p.known])
def test_what_is_known_is_not_prevented_by_now(outcome: campaigns.Outcome) -> None:
    """Where it is, its line "# known:" has to go, and it counts as the others do."""
    assert outcome.problem != "", f"{outcome.hostile.name}: {outcome.hostile.known}"


def test_there_are_enough_of_them() -> None:
    """At least sixty, for every core exercise and for GPUs, and no two alike."""
    names = [p.name for p in ALL]
    assert len(names) == len(set(names)) >= LEAST
    assert len({p.program.summary for p in ALL}) == len(ALL)
    assert len({p.program.exercise.name for p in ALL}) >= 4  # noqa: PLR2004
    assert sum(p.program.devices == {"cuda"} for p in ALL) >= 10  # noqa: PLR2004


def test_graders_survive(campaign: Campaign) -> None:
    """The fork server outlives every batch, and right programs among them pass."""
    assert campaign.servers_lost == 0
    assert campaign.spoilt == []


def test_the_harness_takes_no_blame(campaign: Campaign) -> None:
    """A hostile program never looks like a fault of the harness."""
    confused = [n for n, o in campaign.outcomes.items() if o.confused_us]
    assert confused == []


def test_no_process_is_left(campaign: Campaign) -> None:
    """Nothing that they started is still there."""
    assert campaign.running == []


def test_nothing_else_is_left(campaign: Campaign) -> None:
    """No file, folder or object of the kernel that they made is still there."""
    # The lease of a GPU is a lock on a file that stays: the next grading takes it again.
    left = [path for path in campaign.files if "gpu-lease-" not in path]
    assert left == []
    assert campaign.objects == []
