"""What compilers make for a submission: nobody else's, and gone with its grading."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from graders.harness.supervisor import ForkServer, Worker, users
from graders.harness.supervisor.forkserver import OURS, cache_folder

ONE, TWO = "submission one", "submission two"


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    with ForkServer("simulator", keeps_caches=False) as opened:
        yield opened


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def _caches(server: ForkServer) -> dict[str, int]:
    folder = server.folder / "caches"
    return (
        {p.name: p.stat().st_uid for p in folder.iterdir()} if folder.exists() else {}
    )


def _fork(server: ForkServer, owner: str) -> Worker:
    worker = server.fork(owner)
    worker.start()
    return worker


def test_one_folder_for_each(server: ForkServer, home: Path) -> None:
    """A submission's next worker finds them again, another submission's never."""
    workers = [_fork(server, owner) for owner in (ONE, ONE, TWO)]
    assert len(_caches(server)) == 2
    for worker in workers:
        worker.finish()
    _fork(server, ONE).finish()
    assert len(_caches(server)) == 2
    server.forget(ONE)
    assert len(_caches(server)) == 1
    server.forget(TWO)
    server.forget(TWO)
    assert _caches(server) == {}
    assert [p.name for p in server.folder.iterdir() if "-" in p.name] == []
    assert list(home.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="workers have users of their own as root")
def test_one_user_for_each(
    server: ForkServer, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user is reserved while the submission is graded, also when it runs nothing."""
    monkeypatch.setattr(server, "_own_users", True)
    ours = users.user_of(OURS)
    # Whoever asks for a free user may be given these: nobody runs anything as they.
    drawn = iter([ours, 61201, 61201, ours, 61202])
    monkeypatch.setattr(users, "free_user", lambda: next(drawn))
    one = server._user(ONE)
    server._caches(ONE, one)
    assert one == 61201
    assert server._user(ONE) == one
    (server.folder / f"user-{one}").unlink()  # as a worker that ends does
    two = server._user(TWO)
    server._caches(TWO, two)
    assert two == 61202
    assert set(_caches(server).values()) == {one, two}
    server.forget(ONE)
    server.forget(TWO)
    monkeypatch.setattr(users, "free_user", lambda: one)
    assert server._user("submission three") == one
    server.forget("submission three")
    for left in server.folder.glob("*er-612*"):
        left.unlink()


def test_what_is_ours_is_kept(server: ForkServer, home: Path) -> None:
    """References and baselines are compiled once for this machine."""
    worker = _fork(server, OURS)
    worker.finish()
    kept = cache_folder(OURS, shared=bool(worker.user))
    assert kept.is_dir()
    server.forget(OURS)
    assert kept.is_dir()
    assert _caches(server) == {}


def test_a_single_grading_keeps_them(home: Path) -> None:
    """A learner who grades again and again waits for a compilation once."""
    with ForkServer("simulator") as server:
        worker = _fork(server, "submission kept")
        worker.finish()
        kept = cache_folder("submission kept", shared=bool(worker.user))
        assert kept.is_dir()
        server.forget("submission kept")
        assert kept.is_dir()
        kept.rmdir()
