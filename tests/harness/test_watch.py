"""``grade.py --watch`` as people run it: at a terminal, with an editor, in a pipe."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from graders.harness import cli
from graders.harness.catalog import ROOT, Catalog
from graders.harness.watching import _in_order

BLUR = "fft_callbacks/gaussian_blur"
REFERENCE = ROOT / "reference" / f"{BLUR}.py"
STUB = ROOT / "assignments" / f"{BLUR}.py"
CORPUS = ROOT / "tests" / "submissions" / BLUR
WRONG = CORPUS / "wrong_not_normalised.py"
ENDLESS = "while True:\n    pass\n"
SECONDS = 60


def command(*arguments: str) -> list[str]:
    grade = [sys.executable, str(ROOT / "grade.py"), "--watch", "--device", "simulator"]
    return [*grade, *arguments]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where somebody works: with the stub of one exercise."""
    (tmp_path / "fft_callbacks").mkdir()
    shutil.copyfile(STUB, tmp_path / f"{BLUR}.py")
    return tmp_path


def save(folder: Path, source: Path | str) -> None:
    """Save as most editors do, through another file."""
    text = source if isinstance(source, str) else source.read_text("utf-8")
    path = folder / f"{BLUR}.py"
    beside = path.with_suffix(".tmp")
    beside.write_text(text, "utf-8")
    beside.replace(path)


class AtTerminal:
    """A watch at a terminal of its own, as a shell would have started it."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.number, self._program = pty.openpty()
        self.before = termios.tcgetattr(self._program)
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.login_tty(self._program)
                os.chdir(folder)
                os.environ |= {"TERM": "xterm-256color", "LINES": "40"}
                os.environ.pop("COLUMNS", None)
                os.execv(sys.executable, command(*arguments))
            finally:
                os._exit(127)
        self.all = ""

    def until(self, text: str, seconds: float = SECONDS) -> str:
        """Read until it is shown; return what was shown since the last time."""
        said, end = "", time.monotonic() + seconds
        while text not in said:
            left = end - time.monotonic()
            ready, _, _ = select.select([self.number], [], [], max(0, left))
            if not ready:
                pytest.fail(f"{text!r} was not shown in {seconds} s:\n{self.all}")
            chunk = os.read(self.number, 1 << 16)
            new = re.sub(r"\x1b\[[\d;]*[A-Za-z]", "", chunk.decode("utf-8", "replace"))
            said += new
            self.all += new
        return said

    def press(self, keys: str) -> None:
        os.write(self.number, keys.encode())

    def ended(self) -> int:
        """Wait for its end, check that the terminal is as before, return its exit code."""
        end = time.monotonic() + SECONDS
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                break
            assert time.monotonic() < end, self.all
            if select.select([self.number], [], [], 0.05)[0]:
                self.all += os.read(self.number, 1 << 16).decode("utf-8", "replace")
        self.pid = 0
        assert termios.tcgetattr(self._program) == self.before
        return os.waitstatus_to_exitcode(status)

    def close(self) -> None:
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.number)
        os.close(self._program)


@pytest.fixture
def at_terminal(folder: Path) -> Iterator[AtTerminal]:
    watch = AtTerminal(folder, "--submission", ".", "gaussian_blur")
    yield watch
    watch.close()


def test_an_hour_with_it(at_terminal: AtTerminal, folder: Path) -> None:
    """Wrong, endless, right, a hint, quit; and only what was asked for is shown."""
    watch = at_terminal
    assert "[unimplemented]" in watch.until("This verdict is 0 s old.")
    save(folder, WRONG)
    said = watch.until("This verdict is 0 s old.")
    assert "Failed: " in said
    assert "[unimplemented]" not in said
    save(folder, ENDLESS)
    watch.until("Grading")
    time.sleep(0.5)
    save(folder, REFERENCE)
    said = watch.until("Well done!", 20)  # the endless one alone would take a minute
    assert "10 of 10 points" in said
    assert "timed_out" not in said
    (folder / f"{BLUR}.py").write_text(STUB.read_text("utf-8"), "utf-8")  # in place
    watch.until("[unimplemented]")
    assert "Hint" not in watch.all
    watch.press("h")
    watch.until("Hint 1 of 8")
    watch.press("q")
    assert watch.ended() == 0
    noted = json.loads((folder / ".grade.json").read_text())
    assert noted["hints_shown"] == {BLUR: 1}
    assert noted["last_gradings"][BLUR]["verdict"] == "failed"


@pytest.mark.parametrize("how", ["Ctrl-C", "SIGTERM"])
def test_it_can_be_stopped_at_any_time(how: str, at_terminal: AtTerminal) -> None:
    """Also while it grades; the terminal is put back, and the exit code says it."""
    at_terminal.until("Grading")
    if how == "Ctrl-C":
        at_terminal.press("\x03")
    else:
        os.kill(at_terminal.pid, signal.SIGTERM)
    assert at_terminal.ended() == 2
    assert ("Stopped." in at_terminal.all) is (how == "Ctrl-C")
    assert "Traceback" not in at_terminal.all


def test_in_a_pipe(folder: Path) -> None:
    """Plain lines, no keys; the end of the input ends it."""
    words = command("--submission", ".", "gaussian_blur")
    watch = subprocess.Popen(
        words, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert watch.stdin is not None
    assert watch.stdout is not None
    said = [watch.stdout.readline()]
    assert said[0].startswith("Watching . on the simulator: as asked.")
    assert said[0].endswith("Ctrl-C ends the watch.\n")
    while not said[-1].startswith("Failed: 0 of 10"):
        said.append(watch.stdout.readline())
    watch.stdin.write("q\n")
    watch.stdin.flush()
    save(folder, REFERENCE)
    while not said[-1].startswith("Passed: 10 of 10"):
        said.append(watch.stdout.readline())
    rest, _ = watch.communicate(timeout=SECONDS)
    assert watch.returncode == 0
    text = "".join([*said, rest])
    assert f": {BLUR}.\n" in text
    assert not re.search(r"[\x1b\r]", text)
    assert "quit" not in text


# ------------------------------------------------------------------------------ in tmux


class InTmux:
    """A shell in tmux, on a server of its own."""

    def __init__(self, folder: Path) -> None:
        self._server = f"watch-{os.getpid()}"
        size = ["-x", "80", "-y", "30"]
        shell = ["env", "-u", "COLUMNS", "-u", "LINES", "bash", "--norc", "--noprofile"]
        self.tmux(
            "-f", "/dev/null", "new-session", "-d", *size, "-c", str(folder), *shell
        )

    def tmux(self, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-L", self._server, *words],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=True,
        )
        return done.stdout

    def run(self, *words: str) -> None:
        self.tmux("send-keys", "-l", shlex.join(words))
        self.press("Enter")

    def press(self, *keys: str) -> None:
        self.tmux("send-keys", *keys)

    def screen(self) -> str:
        return self.tmux("capture-pane", "-p")

    def until(self, pattern: str, seconds: float = SECONDS) -> str:
        end = time.monotonic() + seconds
        while not re.search(pattern, self.screen()):
            assert time.monotonic() < end, self.screen()
            time.sleep(0.05)
        return self.screen()

    def close(self) -> None:
        self.tmux("kill-server")


@pytest.fixture
def in_tmux(folder: Path) -> Iterator[InTmux]:
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed: apt-get install tmux")
    shell = InTmux(folder)
    yield shell
    shell.close()


def save_in_editor(folder: Path, source: Path) -> None:
    """Save from vim where it is installed, which renames the file that was there."""
    if shutil.which("vim") is None:
        save(folder, source)
        return
    orders = [
        ":set backup writebackup backupcopy=no",
        f":%!cat {shlex.quote(str(source))}",
        ":wq",
    ]
    words = [part for order in orders for part in ("-c", order)]
    path = folder / f"{BLUR}.py"
    subprocess.run(
        ["vim", "-N", "-u", "NONE", "-e", "-s", *words, str(path)],
        stdin=subprocess.DEVNULL,
        timeout=SECONDS,
        check=False,
    )
    assert path.read_text("utf-8") == source.read_text("utf-8")


def test_screens(in_tmux: InTmux, folder: Path) -> None:
    """Pages that fit, the keys below them, and a shell that gets its terminal back."""
    in_tmux.run(*command("--submission", ".", "gaussian_blur"))
    in_tmux.until(r"gaussian_blur saved at [\d:]{8}\. This verdict is \d+ s old\.")
    save_in_editor(folder, WRONG)
    screen = in_tmux.until(r"(?s)\[wrong_\w+\].*Failed: \d of 10 points.*verdict is")
    lines = screen.rstrip().splitlines()
    assert lines[-2] == "h hint   n next   a all   r run again   q quit"
    assert "Next: " in screen
    save_in_editor(folder, REFERENCE)
    screen = in_tmux.until(r"Passed: 10 of 10 points")
    assert f"{BLUR}  A blur inside the transform  10 of 10 points" in screen
    assert "wrong_" not in screen
    broken = " ".join(screen.split())
    assert "by no other 3/3 kernel." in broken
    in_tmux.tmux("resize-window", "-x", "120")
    in_tmux.press("C-l")
    in_tmux.until("by no other kernel. +3/3\n")
    in_tmux.press("h")
    assert "Write it in NumPy first" in in_tmux.until("Hint 1 of 8")
    in_tmux.press("a")
    assert "1 of 1 exercises passed, 10 of 10 points" in in_tmux.until("1 of 1")
    in_tmux.press("C-z")
    in_tmux.until("Stopped")
    in_tmux.run("stty", "-a")
    assert " icanon " in in_tmux.until("icanon")
    in_tmux.run("fg")
    in_tmux.until("q quit\n.*This verdict is")
    in_tmux.press("q")
    time.sleep(0.1)
    in_tmux.tmux(
        "send-keys", "-l", "clear; stty -a | grep -c ' icanon '; echo ended $?"
    )
    in_tmux.press("Enter")
    in_tmux.until(r"(?m)^1\nended 0")


# -------------------------------------------------------------------------- the command


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--report", "json:out.json"], "leave out --report, --exit-zero and"),
        (["--exit-zero"], "leave out --report, --exit-zero and --time-limit"),
        (["--time-limit", "9"], "leave out --report, --exit-zero and --time-limit"),
        (["gaussian_blurr"], "Did you mean 'gaussian_blur'?"),
        (["--submission", "nowhere"], "nowhere: there is no such file or folder"),
        (["--submission", "work.zip"], "Unpack it and watch the folder"),
    ],
)
def test_wrong_commands(
    arguments: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "work.zip").write_bytes(b"PK")
    assert cli.main(["--watch", "--device", "simulator", *arguments]) == 4
    assert said in capsys.readouterr().err


def test_order_is_that_of_the_readme(catalog: Catalog) -> None:
    """Without a name one is led through the exercises as the README lists them."""
    readme = (ROOT / "README.md").read_text("utf-8")
    listed = re.findall(r"^\| `(\w+/\w+)` \| \d", readme, re.MULTILINE)
    assert [e.name for e in _in_order(catalog, ())] == listed
    named = ["fft_callbacks/sepia_blur", "memory_spaces/transfer_cost"]
    assert [e.name for e in _in_order(catalog, named)] == named


def test_order_may_be_missing(toys: Catalog) -> None:
    assert [e.slug for e in _in_order(toys, ())] == ["scale", "total", "apply"]
