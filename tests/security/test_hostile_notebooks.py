"""Notebooks that attack what runs them: they lose their own cells, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from graders.harness.catalog import ROOT
from graders.harness.errors import Crashed, Failure
from graders.harness.supervisor import ForkServer
from tests.harness import notebook_runs as notebooks

# The worker's end of the conversation, for whoever looks for it.
SOCKETS = (
    "import json, os, socket, stat, struct\n"
    "ends = [int(n) for n in os.listdir('/proc/self/fd') if int(n) > 2]\n"
    "def is_socket(n):\n"
    "    try:\n        return stat.S_ISSOCK(os.fstat(n).st_mode)\n"
    "    except OSError:\n        return False\n"
    "ends = [n for n in ends if is_socket(n)]\n"
)
FORGED = (
    "empty = dict(available=True)\n"
    "head = dict(op='ran', pieces=[dict(kind='stream', name='stdout', blob=0)],\n"
    "    exception=None, evidence=empty, seconds=0.0, bound=[], stand_ins=[], blobs=[4])\n"
    "body = json.dumps(head).encode()\n"
    "message = struct.pack('!4sIQ', b'GPX1', len(body), 4) + body + b'10/10'[:4]\n"
)


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    """Where the kernels come from."""
    with ForkServer("simulator") as running:
        yield running


def test_junk_on_the_socket(server: ForkServer, tmp_path: Path) -> None:
    """A cell that speaks for the kernel is left out; the others are run."""
    source = f"{SOCKETS}for n in ends:\n    os.write(n, b'junk' * 1000)"
    found = notebooks.run(server, tmp_path, "1", source, "2")
    assert found.cell(2).not_run
    assert [found.cell(n).text for n in (1, 3)] == ["1\n", "2\n"]


def test_an_answer_in_advance_is_not_taken(server: ForkServer, tmp_path: Path) -> None:
    """An answer that was forged for a later cell is found before that cell is asked for."""
    source = f"{SOCKETS}{FORGED}for n in ends:\n    os.write(n, message * 2)"
    with notebooks.learner(server, tmp_path, source, "'mine'", "3", "4") as opened:
        found = opened.notebook()
        later = [c.text for c in found.cells[1:]]
        assert "10/1" not in "".join(later)
        with pytest.raises(Failure):
            opened.call("f", 1)


def test_more_is_sent_than_is_kept(server: ForkServer, tmp_path: Path) -> None:
    """The caps are kept by whoever reads, whatever the kernel's own caps are."""
    source = (
        "import sys\nout = sys.stdout._outputs\nspace = type(out).text.__globals__\n"
        "space['MAX_TEXT'] = space['MAX_SHOWN'] = space['MAX_PICTURE'] = 10**9\n"
        "sys.stdout._budget = 0\nprint('x' * 40_000_000)"
    )
    found = notebooks.run(server, tmp_path, source, "2")
    assert found.cell(1).not_run
    assert found.cell(2).text == "2\n"
    assert len(found.executed) < 10_000


def test_a_flood_on_the_process_own_output(server: ForkServer, tmp_path: Path) -> None:
    source = "import os\nfor _ in range(200):\n    os.write(1, b'x' * 100_000)"
    with notebooks.learner(server, tmp_path, source, "2") as opened:
        assert opened.notebook().cell(2).text == "2\n"
        assert len(opened.output) < 20_000


def test_the_harness_is_out_of_reach(server: ForkServer, tmp_path: Path) -> None:
    """Cells run in the same sandbox as modules."""
    found = notebooks.run(
        server, tmp_path,
        f"open({str(ROOT / 'reference' / '__init__.py')!r})",
        "import graders.harness.checks",
        "import subprocess\nsubprocess.run(['cat', '/etc/shadow'], check=True)",
        "import socket\nsocket.create_connection(('127.0.0.1', 1))",
        "import os\nos.kill(os.getppid(), 9)",
        "open('../submission/work.ipynb', 'w')",
    )  # fmt: skip
    for cell in found.cells:
        assert cell.exception is not None, cell.source


def test_a_kernel_that_forks(server: ForkServer, tmp_path: Path) -> None:
    """Two processes cannot both answer: one does, or neither."""
    source = "import os\npid = os.fork()\nprint('parent' if pid else 'child')"
    with notebooks.learner(server, tmp_path, source, "2") as opened:
        try:
            found = opened.notebook()
        except Crashed:
            return
        assert found.cell(1).not_run or found.cell(1).text in ("parent\n", "child\n")
