"""The lease of a GPU, over locks in a folder of the test's own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from graders.harness.catalog import ROOT
from graders.harness.errors import EnvironmentUnavailable
from graders.harness.measure.holders import Holder, holders
from graders.harness.measure.lease import Lease

HOLDER = """
import sys, time
from pathlib import Path
from graders.harness.measure.lease import Lease
Lease("gpu-0", Path(sys.argv[1])).acquire(alone=True)
print("held", flush=True)
time.sleep(60)
"""


@contextmanager
def _holder(folder: Path) -> Iterator[int]:
    """Another process that holds the lease, by its number."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _taken(lease: Lease, *, alone: bool) -> threading.Event:
    taken = threading.Event()

    def take() -> None:
        lease.acquire(alone=alone)
        taken.set()

    threading.Thread(target=take, daemon=True).start()
    return taken


def test_numeric_work_shares(tmp_path: Path) -> None:
    """Any number of shared leases are held at once."""
    leases = [Lease("gpu-0", tmp_path) for _ in range(3)]
    for lease in leases:
        lease.acquire(alone=False)
    for lease in leases:
        lease.release()


@pytest.mark.parametrize(
    ("first", "second"), [(True, True), (True, False), (False, True)]
)
def test_timing_is_alone(first: bool, second: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """A lease alone waits for all others, and they for it."""
    holder, waiting = Lease("gpu-0", tmp_path), Lease("gpu-0", tmp_path)
    holder.acquire(alone=first)
    taken = _taken(waiting, alone=second)
    assert not taken.wait(0.1)
    holder.release()
    assert taken.wait(5)
    waiting.release()


def test_other_gpus_are_free(tmp_path: Path) -> None:
    """Leases of two GPUs have nothing to do with one another, whatever their names hold."""
    one, two = Lease("GPU-1/..", tmp_path), Lease("GPU-2", tmp_path)
    one.acquire(alone=True)
    assert _taken(two, alone=True).wait(5)
    one.release()
    two.release()
    assert len({p.name.rpartition("GPU-")[2][:1] for p in tmp_path.iterdir()}) == 2


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    """The lease of a process that was killed is free at once."""
    lease = Lease("gpu-0", tmp_path)
    with _holder(tmp_path) as pid:
        taken = _taken(lease, alone=True)
        assert not taken.wait(0.1)
        started = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        assert taken.wait(5)
        assert time.monotonic() - started < 2
    lease.release()


def test_who_holds_it_is_told(tmp_path: Path) -> None:
    """By number and program; what it grades is not."""
    lease = Lease("gpu-0", tmp_path)
    assert lease.holders() == ()
    with _holder(tmp_path) as pid:
        (found,) = lease.holders()
        assert found.pid == pid
        assert str(found).startswith(f"process {pid} (python")
        assert str(tmp_path) not in str(found)
    assert lease.holders() == ()
    lease.acquire(alone=False)
    assert [holder.pid for holder in lease.holders()] == [os.getpid()]
    lease.release()


@pytest.mark.parametrize("alone", [True, False])
def test_a_stopped_holder_is_not_waited_for(alone: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """The message names it; when it goes after all, the lease is free as ever."""
    lease = Lease("gpu-0", tmp_path, patience=0, most=0.6)
    with _holder(tmp_path) as pid:
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(
            EnvironmentUnavailable, match=f"process {pid} .*go. End"
        ) as e:
            lease.acquire(alone=alone)
        assert "for 0.6 s" in str(e.value)
    other = Lease("gpu-0", tmp_path)
    assert _taken(other, alone=True).wait(5)  # who gave up holds nothing
    other.release()
    lease.acquire(alone=True)
    lease.release()


def test_holders_that_change_are_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long all of them take together; likewise where nobody is told."""
    turn = iter(range(10**6))
    for who in (lambda _: (Holder(pid=next(turn)),), lambda _: ()):
        monkeypatch.setattr("graders.harness.measure.lease.holders", who)
        first, lease = Lease("gpu-0", tmp_path), Lease("gpu-0", tmp_path, most=0.2)
        first.acquire(alone=True)
        taken = _taken(lease, alone=False)
        assert not taken.wait(1.0)
        first.release()
        assert taken.wait(5)
        lease.release()


def test_the_kernels_list_of_locks_is_read(tmp_path: Path) -> None:
    """Who waits holds nothing; nor do other kinds of locks, files and torn lines count."""
    file = tmp_path / "lease"
    assert holders(file, tmp_path) == ()
    file.touch()
    assert holders(file, tmp_path / "none") == ()
    inode = file.stat().st_ino
    (tmp_path / "locks").write_text(
        f"1: FLOCK  ADVISORY  READ 7 fe:00:{inode} 0 EOF\n"
        f"1: -> FLOCK  ADVISORY  WRITE 8 fe:00:{inode} 0 EOF\n"
        f"2: POSIX  ADVISORY  WRITE 9 fe:00:{inode} 0 EOF\n"
        f"3: FLOCK  ADVISORY  WRITE 10 fe:00:{inode + 1} 0 EOF\n"
        "4: FLOCK\n"
    )
    (tmp_path / "7").mkdir()
    line = b"/usr/bin/python3\0/home/me/grade.py\0--submission\0/home/her/work\0"
    (tmp_path / "7" / "cmdline").write_bytes(line)
    assert [str(h) for h in holders(file, tmp_path)] == ["process 7 (python3 grade.py)"]
    (tmp_path / "7" / "cmdline").unlink()
    assert [str(h) for h in holders(file, tmp_path)] == ["process 7"]


def test_releasing_twice_is_harmless(tmp_path: Path) -> None:
    """A lease that is not held may be released."""
    lease = Lease("gpu-0", tmp_path)
    lease.acquire(alone=True)
    lease.release()
    lease.release()
    lease.acquire(alone=False)
    lease.release()


def test_numeric_work_does_not_starve_timing(tmp_path: Path) -> None:
    """A lease alone is had although others share it in turns without a gap."""
    others = [Lease("gpu-0", tmp_path) for _ in range(3)]
    stop = threading.Event()

    def share(lease: Lease) -> None:
        while not stop.is_set():
            lease.acquire(alone=False)
            time.sleep(0.05)
            lease.release()

    threads = [threading.Thread(target=share, args=(lease,)) for lease in others]
    for thread in threads:
        thread.start()
        time.sleep(0.02)  # so that one of them holds it at any time
    timing = Lease("gpu-0", tmp_path, patience=0.2)
    started = time.monotonic()
    taken = _taken(timing, alone=True)
    assert taken.wait(10)
    assert time.monotonic() - started < 2
    timing.release()
    stop.set()
    for thread in threads:
        thread.join()


def test_numeric_work_goes_first_for_a_while(tmp_path: Path) -> None:
    """Who waits for a lease alone holds nobody up before its patience is at an end."""
    first, second = Lease("gpu-0", tmp_path), Lease("gpu-0", tmp_path)
    first.acquire(alone=False)
    timing = Lease("gpu-0", tmp_path, patience=0.5)
    taken = _taken(timing, alone=True)
    assert _taken(second, alone=False).wait(0.4)
    second.release()
    time.sleep(0.6)
    assert not (late := _taken(second, alone=False)).wait(0.2)
    first.release()
    assert taken.wait(5)
    timing.release()
    assert late.wait(5)
    second.release()


def test_one_hold_serves_many_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within one hold calls come and go; others get in between, after a while only."""
    monkeypatch.setattr("graders.harness.measure.lease._TURN", 0.2)
    timing, other = Lease("gpu-0", tmp_path), Lease("gpu-0", tmp_path)
    with timing.held_alone():
        for _ in range(3):
            timing.acquire(alone=True)
            timing.release()
        waiting = _taken(other, alone=False)
        timing.let_others_in()
        assert not waiting.wait(0.25)
        given = threading.Thread(target=timing.let_others_in)
        given.start()
        assert waiting.wait(5)
        other.release()
        given.join(5)
        later = _taken(other, alone=False)
        assert not later.wait(0.1)
    assert later.wait(5)
    other.release()


def test_those_who_wait_alone_come_one_after_the_other(tmp_path: Path) -> None:
    """Numeric work that came between them waits for all of them, and is then let in."""
    holder = Lease("gpu-0", tmp_path)
    holder.acquire(alone=False)
    timing = [Lease("gpu-0", tmp_path, patience=0) for _ in range(2)]
    taken = [_taken(lease, alone=True) for lease in timing]
    time.sleep(0.1)
    late = _taken(numeric := Lease("gpu-0", tmp_path), alone=False)
    time.sleep(0.1)
    holder.release()
    for _ in timing:
        while not any(event.is_set() for event in taken):
            time.sleep(0.01)
        assert not late.is_set()
        first = next(i for i, event in enumerate(taken) if event.is_set())
        taken.pop(first)
        timing[first].release()
        timing = [lease for i, lease in enumerate(timing) if i != first]
    assert late.wait(5)
    numeric.release()


def test_who_is_patient_joins_those_in_line(tmp_path: Path) -> None:
    """Numeric work is held up once, not once more for each who wants the GPU alone."""
    numeric, later = Lease("gpu-0", tmp_path), Lease("gpu-0", tmp_path)
    impatient = Lease("gpu-0", tmp_path, patience=0)
    patient = Lease("gpu-0", tmp_path, patience=60)
    numeric.acquire(alone=False)
    first = _taken(patient, alone=True)
    assert not first.wait(0.1)
    second = _taken(impatient, alone=True)
    time.sleep(0.2)  # both are in line now
    third = _taken(later, alone=False)
    numeric.release()
    taken = {patient: first, impatient: second}
    until = time.monotonic() + 10
    while taken and time.monotonic() < until:
        for lease, event in list(taken.items()):
            if event.wait(0.05):
                assert not third.is_set(), "numeric work came between them"
                del taken[lease]
                lease.release()
    assert not taken
    assert third.wait(10)
    later.release()
