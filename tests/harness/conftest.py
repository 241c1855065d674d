"""What the tests of the engine share: a toy repository, and warm graders."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from graders.harness.catalog import Catalog
from graders.harness.run import Grader
from graders.harness.supervisor import ForkServer

HERE = Path(__file__).parent
TOYS = HERE / "toys"

# The toys' graders and the programs are what is graded, not tests of ours.
collect_ignore = ["toys", "programs"]


def pytest_collection_finish() -> None:
    """Keep what is there from the collector, which copies it in each forked shard."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """The assignments of this repository."""
    return Catalog()


@pytest.fixture(scope="session")
def grader(catalog: Catalog) -> Iterator[Grader]:
    """A warm grader of this repository's exercises, in the simulator."""
    with Grader("simulator", catalog) as warm:
        yield warm


@pytest.fixture(scope="session")
def toys() -> Catalog:
    """The repository of toy exercises beside this file."""
    return Catalog(TOYS)


@pytest.fixture(scope="session")
def toy_grader(toys: Catalog) -> Iterator[Grader]:
    """A warm grader of the toys, in the simulator."""
    with Grader("simulator", toys) as warm:
        yield warm


@pytest.fixture(scope="session")
def kernel_server() -> Iterator[ForkServer]:
    """Where the kernels of notebooks come from, in the simulator."""
    with ForkServer("simulator") as running:
        yield running
