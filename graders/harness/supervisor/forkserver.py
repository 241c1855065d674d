"""Start the warm fork server and ask it for workers."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from graders.harness.errors import WorkerCrashed
from graders.harness.supervisor import users
from graders.harness.supervisor.worker import Worker
from graders.harness.threads import one_thread_each
from graders.harness.worker import policy
from graders.harness.worker.scratch import remove

ROOT = Path(__file__).resolve().parents[3]
_SERVER = ROOT / "graders" / "harness" / "worker" / "server.py"

#: The owner of what is compiled for references and baselines, on this whole machine.
OURS = "ours"

# What a worker may know of the environment. All else, tokens and keys above all, stays
# here.
_KEPT = frozenset(
    {
        "LANG",
        "LD_LIBRARY_PATH",
        "NVIDIA_DRIVER_CAPABILITIES",
        "NVIDIA_VISIBLE_DEVICES",
        "PATH",
        "TZ",
        "VIRTUAL_ENV",
    }
)
_KEPT_PREFIXES = (
    "CUDA_",
    "CUPY_",
    "LC_",
    "NVMATH_",
    "NUMBA_",
    "OMP_",
    "OPENBLAS_",
)


# Whatever a name begins with: one with such a word in it stays here as well.
_SECRET = ("AUTH", "CREDENTIAL", "KEY", "PASS", "SECRET", "TOKEN")


def worker_environment() -> dict[str, str]:
    """Return the environment variables that a worker gets: an allowlist of ours."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if (name in _KEPT or name.startswith(_KEPT_PREFIXES))
        and not any(part in name.upper() for part in _SECRET)
    }
    one_thread_each(kept)
    kept["PYTHONDONTWRITEBYTECODE"] = "1"
    return kept


def cache_folder(owner: str, *, shared: bool) -> Path:
    """
    Return where the device compilers' work for one owner is kept between gradings.

    Args:
        owner: Whose it is.

        shared: Whether other users must be able to pass: they cannot through a home.
    """
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    base = Path("/var/cache" if shared else home)
    name = hashlib.sha256(owner.encode()).hexdigest()[:32]
    return base / "gpu-exercise-grader" / name


class ForkServer:
    """
    A process that has imported the device's packages and forks workers on request.

    It may be used from processes forked off this one: a request is one datagram that
    carries the worker's own socket, so that answers never cross.

    Args:
        device: ``"cuda"`` or ``"simulator"``.

        memory: Bytes that a worker and its descendants may use. The default is a share
            of what the machine has.

        keeps_caches: Whether what device compilers made for a submission outlives the
            server. Where not, :meth:`forget` removes it, and closing does.
    """

    def __init__(
        self, device: str, memory: int = 0, *, keeps_caches: bool = True
    ) -> None:
        self.device = device
        self._keeps_caches = keeps_caches
        self._owner = os.getpid()
        self._folder = Path(tempfile.mkdtemp(prefix="grade-"))
        self._own_users = users.can_share(
            policy.needed_paths(str(ROOT)), self._folder.parent
        )
        if self._own_users:
            self._folder.chmod(0o711)  # to pass through, not to list
        users.hide_from_peers()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._log = (self._folder / "server.log").open("wb")
        command = [
            sys.executable, "-I", str(_SERVER),
            device, str(theirs.fileno()), str(ROOT), json.dumps(sys.path), str(memory),
        ]  # fmt: skip
        self._process = subprocess.Popen(
            command,
            pass_fds=(theirs.fileno(),),
            env=worker_environment(),
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        theirs.close()

    def fork(self, owner: str = "", library_code: str = "") -> Worker:
        """
        Return a new worker with a scratch folder of its own.

        It does not wait: the first request to the worker does.

        Args:
            owner: Whose program it will run: what device compilers made for it is kept
                for the same owner's next worker and for nobody else, since a program
                may put kernels of its own there. The default keeps nothing.

            library_code: A folder of :class:`library_code.LibraryCode` that it is to use.

        Raises:
            WorkerCrashed: The server is gone.
        """
        user = self._user(owner)
        scratch = Path(tempfile.mkdtemp(prefix="worker-", dir=self._folder))
        (scratch / "submission").mkdir()
        (scratch / "work").mkdir()
        caches = self._caches(owner, user)
        if user:
            scratch.chmod(0o711)
            (scratch / "submission").chmod(0o755)
            users.hand_over(user, scratch / "work")
        ours, theirs = socket.socketpair()
        output_read, output_write = os.pipe()
        status_read, status_write = os.pipe()
        try:
            request = {
                "scratch": str(scratch),
                "caches": caches,
                "user": user,
                "sole_user": not owner,
                "library_code": library_code,
            }
            fds = [theirs.fileno(), output_write, status_write]
            socket.send_fds(self._control, [json.dumps(request).encode()], fds)
        except OSError as err:
            ours.close()
            os.close(output_read)
            os.close(status_read)
            msg = f"the fork server is gone: {self.last_words()}"
            raise WorkerCrashed(msg) from err
        finally:
            theirs.close()
            os.close(output_write)
            os.close(status_write)
        return Worker(ours, output_read, status_read, scratch, self, user)

    def _user(self, owner: str) -> int:
        if not self._own_users:
            return 0
        if owner and self._is_kept(owner):
            return users.user_of(owner)
        if owner:
            return self._user_for_a_while(owner)
        return self._free_user()

    def _free_user(self) -> int:
        """Return a user that nobody else has; shards ask for one at the same time."""
        while True:
            user = users.free_user()
            reserved = self._folder / f"user-{user}"
            if user == users.user_of(OURS):
                continue  # the files of that one are read by every submission's reference
            with contextlib.suppress(FileExistsError):
                reserved.touch(exist_ok=False)
                if not (self._folder / f"owner-{user}").exists():
                    return user
                reserved.unlink()

    def _user_for_a_while(self, owner: str) -> int:
        """Return the user of an owner, who keeps it until the owner is forgotten."""
        folder = self._passing_caches(owner)
        with contextlib.suppress(FileNotFoundError):
            return folder.stat().st_uid
        user = self._free_user()
        (self._folder / f"owner-{user}").touch()
        return user

    def _is_kept(self, owner: str) -> bool:
        return self._keeps_caches or owner == OURS

    def _passing_caches(self, owner: str) -> Path:
        name = hashlib.sha256(owner.encode()).hexdigest()[:32]
        return self._folder / "caches" / name

    def _caches(self, owner: str, user: int) -> str:
        """Return the folder of an owner's compiled kernels, made for the worker's user."""
        if not owner:
            return ""
        if self._is_kept(owner):
            folder = cache_folder(owner, shared=bool(user))
        else:
            folder = self._passing_caches(owner)
            folder.parent.mkdir(exist_ok=True)
            folder.parent.chmod(0o711)
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        users.hand_over(user, folder)
        return str(folder)

    def forget(self, owner: str) -> None:
        """Remove what compilers made for an owner, unless that is to be kept."""
        folder = self._passing_caches(owner)
        if not folder.exists() or self._is_kept(owner):
            return
        user = folder.stat().st_uid
        remove(folder)
        (self._folder / f"owner-{user}").unlink(missing_ok=True)

    @property
    def folder(self) -> Path:
        """A folder of the grading process's that is removed when either of both ends."""
        return self._folder

    def is_alive(self) -> bool:
        """Return whether the server runs; only the process that started it can tell."""
        return self._process.poll() is None

    def last_words(self) -> str:
        """Return the end of what the server printed, for our own error messages."""
        with contextlib.suppress(OSError):
            lines = (
                (self._folder / "server.log").read_text("utf-8", "replace").splitlines()
            )
            return " | ".join(lines[-3:]) or "it printed nothing"
        return "its log could not be read"

    def close(self) -> None:
        """Stop the server and its workers and remove what they wrote."""
        if os.getpid() != self._owner:
            return  # a forked shard: the server belongs to the process that started it
        self._control.close()
        try:
            self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._log.close()
        remove(self._folder)

    def __enter__(self) -> ForkServer:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()
