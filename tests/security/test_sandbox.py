"""What a worker cannot do, layer by layer; each test says what the layer is for."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from graders.harness import cli
from graders.harness.catalog import ROOT, Catalog
from graders.harness.checks import Learner
from graders.harness.errors import Crashed, EnvironmentUnavailable, OutOfMemory
from graders.harness.run import Grader
from graders.harness.submission import stage
from graders.harness.supervisor import ForkServer, users
from graders.harness.worker import landlock, policy, seccomp, watch
from graders.harness.worker.confinement import REQUIRED, Layers, confine, make_plan
from graders.harness.worker.scratch import remove

PROBE = """
import ctypes
import os
import select
import socket
import subprocess
import sys


def wait(seconds):
    select.select([], [], [], seconds)  # the simulator moves time.sleep's clock only


def attempt(action, *args):
    try:
        result = ACTIONS[action](*args)
    except OSError as err:
        return f"{type(err).__name__} {err.errno}"
    return f"done: {result!r}"[:100]


def kill(pid):
    os.kill(pid, 0)


def system_call(number, *args):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(number, *args) < 0:
        raise OSError(ctypes.get_errno(), "refused")


def namespace():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x10000000) < 0:
        raise OSError(ctypes.get_errno(), "refused")


def daemon(seconds):
    read, write = os.pipe()
    if os.fork() == 0:
        os.setsid()
        pid = os.fork()
        if pid == 0:
            os.close(read)
            os.close(write)
            os.closerange(0, 3)
            wait(seconds)
            os._exit(0)
        os.write(write, str(pid).encode())
        os._exit(0)
    return int(os.read(read, 20))


def child(seconds):
    pid = os.fork()
    if pid == 0:
        os.setsid()
        os.closerange(0, 3)
        wait(seconds)
        os._exit(0)
    return pid


def take(megabytes):
    kept = []
    for _ in range(megabytes // 16):
        kept.append(bytearray(b"x") * (16 * 2**20))
        wait(0.01)
    return len(kept)


def write(megabytes):
    for number in range(megabytes // 16):
        with open(f"file-{number}", "wb") as file:
            file.write(bytes(16 * 2**20))
    wait(2)


def multiply():
    for _ in range(100):
        if os.fork() == 0:
            os.closerange(0, 3)
            wait(20)
            os._exit(0)
    wait(5)


ACTIONS = {
    "read": lambda path: open(path, "rb").read(1),
    "list": os.listdir,
    "write": lambda path: open(path, "a").close(),
    "kill": kill,
    "inet": lambda: socket.socket().close(),
    "unix": lambda: socket.socket(socket.AF_UNIX).close(),
    "pair": lambda: socket.socketpair()[0].close(),
    "namespace": namespace,
    "system_call": system_call,
    "parent": os.getppid,
    "user": os.geteuid,
    "run": lambda: subprocess.run([sys.executable, "-c", "print(1)"]).returncode,
}
"""

_PTRACE = 101 if os.uname().machine == "x86_64" else 117


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    with ForkServer("simulator") as running:
        yield running


@pytest.fixture
def probe(server: ForkServer, tmp_path: Path) -> Iterator[Learner]:
    (tmp_path / "probe.py").write_text(PROBE)
    learner = Learner(tmp_path / "probe.py", "probe", server, timeout=20)
    yield learner
    learner.close()


def attempt(probe: Learner, *args: Any) -> str:
    found = probe.call("attempt", *args, fresh=True).value
    assert isinstance(found, str)
    return found


def holds(probe: Learner, name: str) -> None:
    """Skip where this machine has no such layer; the report says so then."""
    probe.call("attempt", "parent")
    if name not in probe.layers:
        pytest.skip(f"the layer {name!r} does not hold on this machine")


def test_all_layers_but_the_user_hold_here(probe: Learner) -> None:
    """With Landlock's signal scope and libseccomp, nothing is missing."""
    if not landlock.scopes_signals(landlock.abi()):
        pytest.skip("the kernel is older than 6.12, or has no Landlock")
    if not make_plan(str(ROOT), traceable=False).filter:
        pytest.skip("libseccomp is missing")
    probe.call("attempt", "parent")
    assert set(REQUIRED) <= set(probe.layers), probe.layers


@pytest.mark.parametrize(
    "path",
    [
        ROOT / "reference" / "fft_callbacks" / "sepia_blur.py",
        ROOT / "graders" / "fft_callbacks" / "rubric.toml",
        ROOT / "graders" / "harness" / "grading.py",
        ROOT / "tests" / "security" / "test_sandbox.py",
        ROOT / "assignments" / "fft_callbacks" / "sepia_blur.py",
        Path("/proc/1/cmdline"),
        Path("/etc/shadow"),
    ],
    ids=lambda path: "-".join(path.parts[-3:]),
)
def test_answers_and_secrets_cannot_be_read(probe: Learner, path: Path) -> None:
    holds(probe, "files")
    assert attempt(probe, "read", str(path)).startswith("PermissionError")


def test_neither_home_nor_temporary_folders_can_be_listed(probe: Learner) -> None:
    holds(probe, "files")
    for folder in (Path.home(), tempfile.gettempdir(), ROOT, "/proc", "/dev/shm"):
        assert attempt(probe, "list", str(folder)).startswith("PermissionError"), folder


def test_the_grading_process_cannot_be_looked_at(probe: Learner) -> None:
    """Its command line may hold the seed."""
    holds(probe, "files")
    for pid in (os.getpid(), os.getppid()):
        found = attempt(probe, "read", f"/proc/{pid}/cmdline")
        assert found.startswith("PermissionError")


def test_only_the_work_folder_can_be_written(probe: Learner, tmp_path: Path) -> None:
    holds(probe, "files")
    assert attempt(probe, "write", "notes.txt") == "done: None"
    for place in ("../submission/probe.py", "../x", "/tmp/by-a-worker", "/dev/shm/x"):
        found = attempt(probe, "write", place)
        assert found.startswith(("PermissionError", "FileNotFound")), place
    assert attempt(probe, "write", str(tmp_path / "x")).startswith("PermissionError")
    assert list(tmp_path.iterdir()) == [tmp_path / "probe.py"]


def test_the_packages_work(probe: Learner) -> None:
    """What learners need is still there: programs, packages, the machine's description."""
    assert attempt(probe, "run") == "done: 0"
    assert attempt(probe, "read", "/proc/cpuinfo").startswith("done")
    assert attempt(probe, "read", "/proc/self/status").startswith("done")
    assert attempt(probe, "pair") == "done: None"


def test_there_is_no_network(probe: Learner) -> None:
    holds(probe, "system calls")
    assert attempt(probe, "inet") == "PermissionError 1"
    assert attempt(probe, "unix") == "PermissionError 1"


CALLS_A_SERVICE = """
import os, socket, sys
from graders.harness.worker import seccomp
service = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
service.bind(sys.argv[1])
service.setblocking(False)
seccomp.install(bytes.fromhex(sys.stdin.read()))
ours = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)  # as the driver makes one
for call in (
    lambda: ours.sendto(b"orders", sys.argv[1]),
    lambda: ours.sendmsg([b"orders"], [], 0, sys.argv[1]),
    lambda: ours.connect(sys.argv[1]),
    lambda: service.recv(6),
):
    try:
        print("done", call())
    except OSError as err:
        print(type(err).__name__)
one, other = socket.socketpair()
one.sendall(b"data")
print(other.recv(4).decode())
"""


def test_the_socket_that_a_driver_needs_reaches_no_service(tmp_path: Path) -> None:
    """On a GPU a local socket can be made; it has nobody to send to."""
    pytest.importorskip("pyseccomp")
    program = seccomp.compile_filter((), cuda=True)
    done = subprocess.run(
        [sys.executable, "-c", CALLS_A_SERVICE, str(tmp_path / "service")],
        input=program.hex(),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    said = ["PermissionError", "PermissionError", "FileNotFoundError"]
    assert done.stdout.split() == [*said, "BlockingIOError", "data"]


def test_other_processes_are_out_of_reach(probe: Learner, server: ForkServer) -> None:
    holds(probe, "other processes")
    for pid in (os.getpid(), server._process.pid, 1, -1):
        assert attempt(probe, "kill", pid) == "PermissionError 1", pid


def test_ways_out_of_the_sandbox_are_refused(probe: Learner) -> None:
    holds(probe, "system calls")
    assert attempt(probe, "namespace") == "PermissionError 1"
    assert attempt(probe, "system_call", _PTRACE, 0, 0, 0, 0) == "PermissionError 1"
    assert attempt(probe, "system_call", 425, 8, 0) == "PermissionError 1"  # io_uring


def _ends(pid: int, within: float) -> bool:
    until = time.monotonic() + within
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_a_daemon_ends_at_once(probe: Learner) -> None:
    """A process that left session and parent is the server's, which ends it."""
    pid = probe.call("daemon", 60).value
    assert _ends(pid, 2.0)


def test_nothing_survives_its_worker(probe: Learner) -> None:
    """Not even a child with a session of its own."""
    pid = probe.call("child", 60).value
    assert not _ends(pid, 0.2)
    probe.close()
    assert _ends(pid, 2.0)


def test_memory_is_watched(tmp_path: Path) -> None:
    (tmp_path / "probe.py").write_text(PROBE)
    with ForkServer("simulator", memory=256 * 2**20) as server:
        learner = Learner(tmp_path / "probe.py", "probe", server, timeout=20)
        with pytest.raises(OutOfMemory, match=r"memory: 0\.\d GB of at most 0\.3 GB"):
            learner.call("take", 2048)
        assert learner.call("take", 32).value == 2
        learner.close()


def test_processes_are_counted(probe: Learner) -> None:
    with pytest.raises(Crashed, match=r"processes: \d+ of at most 64"):
        probe.call("multiply")
    assert attempt(probe, "parent").startswith("done")


def test_the_disk_is_watched(probe: Learner) -> None:
    with pytest.raises(Crashed, match=r"disk: 1\.\d GB of at most 1\.1 GB"):
        probe.call("write", 1100)


def test_a_folder_that_holds_something_hidden_is_opened_up(tmp_path: Path) -> None:
    """Each entry gets a rule but the one that leads to what is hidden."""
    secret = tmp_path / "app" / "repo"
    for folder in (secret, tmp_path / "app" / "other", tmp_path / "lib"):
        folder.mkdir(parents=True)
    found = policy._opened_up([str(tmp_path)], [str(secret)])
    assert sorted(found) == [str(tmp_path / "app" / "other"), str(tmp_path / "lib")]


def test_rules_name_neither_the_repository_nor_home() -> None:
    paths = [Path(path) for path, _ in policy.shared_rules(str(ROOT))]
    for path in paths:
        assert path != ROOT
        assert path not in ROOT.parents
        assert path != Path.home()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_root_becomes_a_user_of_its_own(tmp_path: Path) -> None:
    """It is nobody's user, has no groups, and cannot read what is root's alone."""
    secret = tmp_path / "secret"
    secret.write_text("x")
    secret.chmod(0o600)
    (tmp_path / "work").mkdir()
    (tmp_path / "submission").mkdir()
    plan = make_plan(str(ROOT), traceable=False)
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            layers = confine(plan, str(tmp_path), "", users.free_user())
            facts = [*layers.held, str(os.getresuid()), str(os.getgroups())]
            try:
                secret.read_text()
                facts.append("read")
            except PermissionError:
                facts.append("refused")
            os.write(write, "\n".join(facts).encode())
        finally:
            os._exit(0)
    os.close(write)
    os.waitpid(pid, 0)
    with os.fdopen(read) as pipe:
        facts = pipe.read().splitlines()
    assert {"own user", "no capabilities"} <= set(facts)
    assert facts[-1] == "refused"
    assert facts[-2] == "[]"
    user = int(facts[-3].strip("()").split(",")[0])
    assert 61184 <= user <= 65519


def test_users_differ_and_stay_with_their_owner() -> None:
    assert len({users.free_user() for _ in range(8)}) > 1
    assert users.user_of("ada") == users.user_of("ada") != users.user_of("grace")


def test_workers_have_users_where_these_can_read_all() -> None:
    """A folder that is closed to others, or a file in it, is a reason against it."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        (folder / "file").touch(0o644)
        for mode, shared in ((0o755, True), (0o711, False), (0o700, False)):
            folder.chmod(mode)
            root = os.geteuid() == 0
            assert users.can_share([name], Path("/")) == (root and shared)
            inside = root and mode != 0o700
            assert users.can_share([str(folder / "file")], Path("/")) == inside
            assert users.can_share([], folder) == inside
        folder.chmod(0o755)
        (folder / "file").chmod(0o640)
        assert not users.can_share([name, str(folder / "file")], Path("/"))
    assert users.can_share(["/usr"], Path("/tmp")) == (os.geteuid() == 0)


def test_a_missing_layer_is_named() -> None:
    layers = Layers()
    layers.put_on("holds", lambda: "")
    layers.put_on("lacks", lambda: "no such thing")

    def fails() -> str:
        raise OSError(1, "refused")

    layers.put_on("fails", fails)
    assert layers.held == ["holds"]
    assert layers.missing == {"lacks": "no such thing", "fails": "[Errno 1] refused"}


def test_grading_is_refused_without_a_required_layer(capsys: Any) -> None:
    with pytest.raises(EnvironmentUnavailable, match="no such layer: unknown"):
        Grader("simulator", Catalog(), required=("own session", "no such layer"))


def test_the_option_grades_where_all_layers_hold(
    probe: Learner, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    probe.call("attempt", "parent")
    lacking = set(REQUIRED) - set(probe.layers)
    monkeypatch.chdir(ROOT)
    code = cli.main(["matmul_validation", "--require-sandbox", "--device", "simulator"])
    said = capsys.readouterr()
    if not lacking:
        assert code == cli.ExitCode.FAILED  # a stub earns nothing
        return
    assert code == cli.ExitCode.HARNESS_FAILED
    assert "--require-sandbox" in said.err
    assert all(f"{name}:" in said.err for name in lacking)


def test_the_filter_is_a_program() -> None:
    program = seccomp.compile_filter([os.getpid()], cuda=False)
    assert program
    assert len(program) % 8 == 0
    assert len(program) // 8 < 4096  # the kernel takes no more


def test_a_limit_of_memory_follows_the_machine() -> None:
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert 2 * 2**30 <= watch.memory_limit() <= max(total, 2 * 2**30)


def test_memory_on_the_gpu_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every half second, once for all; a worker above its share is ended."""
    looks: list[int] = []
    programs = [subprocess.Popen(["sleep", "60"]) for _ in range(3)]
    workers = [watch.Watched(program.pid, "/nowhere") for program in programs]

    def by_process() -> tuple[dict[int, int], int]:
        looks.append(watching._looks)
        used = zip(programs, (90 * 10**9, 80 * 10**9), strict=False)
        return {program.pid: size for program, size in used}, 100 * 10**9

    monkeypatch.setattr(watch, "end_orphans", lambda _: 0)  # other tests' children
    watching = watch.Watch(gpu_memory=by_process)
    watching._looks = 8
    try:
        watching.look(workers)
        assert not looks
        watching.look(workers)
        assert looks == [10]
        assert [w.killed_because for w in workers] == [
            "memory on the GPU: 90.0 GB of at most 80.0 GB", "", "",
        ]  # fmt: skip
    finally:
        for program in programs:
            program.kill()
            program.wait()


def test_another_user_can_read_what_is_staged(tmp_path: Path) -> None:
    """Whatever the umask of the grader says."""
    (tmp_path / "probe.py").write_text("x = 1\n")
    (tmp_path / "scratch" / "submission").mkdir(parents=True)
    before = os.umask(0o077)
    try:
        staged = stage(tmp_path / "probe.py", "probe", tmp_path / "scratch")
    finally:
        os.umask(before)
    assert staged.stat().st_mode & 0o777 == 0o644


def test_deep_folders_are_removed(tmp_path: Path) -> None:
    """Thousands of nested folders are more than Python's own function can take."""
    top = tmp_path / "top"
    top.mkdir()
    here = Path.cwd()
    try:
        os.chdir(top)
        for _ in range(3000):
            Path("d").mkdir()
            os.chdir("d")
    finally:
        os.chdir(here)
    remove(top)
    assert not top.exists()
