"""What the tests of the sandbox share: one grading of all hostile programs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from graders.harness.catalog import Catalog
from graders.harness.run import Grader
from graders.harness.session import choose_device
from tests.security import campaign as campaigns
from tests.security.figures import Figures
from tests.security.hostile_corpus import STEPS, Hostile, read_hostile


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add where the figures go and how much is graded."""
    group = parser.getgroup("hostile programs")
    group.addoption(
        "--record", type=Path, metavar="FILE", help="Write the figures there, as JSON."
    )
    group.addoption(
        "--hostile",
        default="all",
        choices=(*STEPS, "cuda"),
        help="Which programs are graded: every third is a fair sample; cuda takes those "
        "that attack a GPU.",
    )
    group.addoption(
        "--as-user",
        default="tenth",
        choices=(*STEPS, "none"),
        help="Which are graded again by an ordinary user, if root runs the tests.",
    )


@pytest.fixture(scope="session")
def device(pytestconfig: pytest.Config) -> str:
    """``"cuda"`` where a GPU answers or was asked for, else ``"simulator"``."""
    # Where the project is not installed, pytest loads no plugin that has the option.
    return choose_device(pytestconfig.getoption("--grading-device", "auto"))[0]


@pytest.fixture(scope="session")
def programs(pytestconfig: pytest.Config) -> list[Hostile]:
    """The hostile programs to be graded."""
    found = read_hostile()
    if pytestconfig.getoption("--hostile", "all") == "cuda":
        return [h for h in found if h.program.devices == {"cuda"}]
    return found[:: STEPS[pytestconfig.getoption("--hostile", "all")]]


@pytest.fixture(scope="session")
def figures(pytestconfig: pytest.Config) -> Iterator[Figures]:
    """What was counted and measured, printed and written at the end."""
    counted = Figures()
    yield counted
    if path := pytestconfig.getoption("--record", None):
        path.write_text(json.dumps(counted.to_dict(), indent=1) + "\n")
    reporter = pytestconfig.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        for line in counted.lines():
            reporter.write_line(line)


@pytest.fixture(scope="session")
def campaign(
    device: str, programs: list[Hostile], figures: Figures
) -> campaigns.Campaign:
    """What became of one grading of all of them."""
    found = campaigns.run(device, programs)
    user = "root" if os.geteuid() == 0 else "ordinary user"
    figures.take(f"as {user}", found.figures())
    return found


@pytest.fixture(scope="session")
def grader(device: str) -> Iterator[Grader]:
    """A warm grader of this repository's exercises."""
    with Grader(device, Catalog()) as warm:
        yield warm
