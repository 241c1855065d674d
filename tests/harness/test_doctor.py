"""The doctor as a whole: exit codes, summary, output, privacy, probes that misbehave."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from graders.harness.catalog import ROOT
from graders.harness.doctor import command, shown
from graders.harness.doctor.examination import PROBES, Probe, examine
from graders.harness.doctor.findings import Finding, Privacy
from graders.harness.doctor.machine import Answer, Machine
from tests.harness import doctor_machines as made_up


@pytest.fixture(autouse=True)
def _own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lease of a real grading is not looked at."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def run(
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *arguments: str,
) -> tuple[int, str, str]:
    """Run the command over a made-up machine."""
    monkeypatch.setattr(command, "Machine", lambda: machine)
    code = command.main(arguments)
    said = capsys.readouterr()
    return code, said.out, said.err


# ------------------------------------------------------------------------- exit codes


def test_no_gpu_is_no_problem(tmp_path: Path) -> None:
    """Exit code 0: the simulator's points are counted, and what needs a GPU is said."""
    diagnosis = command.diagnose(made_up.without_gpu(tmp_path))
    assert diagnosis.exit_code == 0
    assert diagnosis.summary == [
        "In the simulator: all 18 exercises, 181 of 187 points; 6 need a GPU.",
        "`python grade.py` takes the simulator.",
    ]
    (note,) = (f for f in diagnosis.findings if f.probe == "driver")
    assert note.state == "note"
    assert "no NVIDIA GPU" in note.text


def test_a_whole_gpu_earns_everything(tmp_path: Path) -> None:
    """Exit code 0 with every point on the GPU."""
    diagnosis = command.diagnose(made_up.with_gpu(tmp_path))
    assert [f.text for f in diagnosis.findings if f.state == "problem"] == []
    assert diagnosis.exit_code == 0
    assert "On the NVIDIA H100 80GB HBM3: all 18 exercises, 187 of 187 points." in (
        diagnosis.summary
    )


def test_a_missing_library_limits_grading(tmp_path: Path) -> None:
    """Exit code 1: the exercises that need it are named, with what mends it."""
    libraries = {k: v for k, v in made_up.LIBRARIES.items() if k != "cuDSS"}
    diagnosis = command.diagnose(made_up.with_gpu(tmp_path, libraries=libraries))
    assert diagnosis.exit_code == 1
    assert (
        "On the NVIDIA H100 80GB HBM3: 16 of 18 exercises, 167 of 187 points. Not for "
        "want of cuDSS: sparse_solver/multiple_rhs, sparse_solver/reuse_factorization."
    ) in diagnosis.summary
    (finding,) = (f for f in diagnosis.findings if f.lacks == ("cuDSS",))
    assert finding.run == ("python -m pip install -e '.[cu13]'",)


def test_no_recording_is_said(tmp_path: Path) -> None:
    """Without CUPTI values are graded, and the summary says what is not."""
    libraries = {k: v for k, v in made_up.LIBRARIES.items() if k != "CUPTI"}
    diagnosis = command.diagnose(made_up.with_gpu(tmp_path, libraries=libraries))
    (line,) = (s for s in diagnosis.summary if "H100" in s and "points" in s)
    assert line.endswith("stay ungraded without CUPTI.")


def test_a_broken_gpu_leaves_the_simulator(tmp_path: Path) -> None:
    """Exit code 1, and the advice is to grade in the simulator meanwhile."""
    broken = {"worker cuda": Answer(facts={"error": "cudaErrorUnknown"})}
    diagnosis = command.diagnose(made_up.with_gpu(tmp_path, answers=broken))
    assert diagnosis.exit_code == 1
    assert "On the NVIDIA H100 80GB HBM3: nothing can be graded." in diagnosis.summary
    assert "Grade with --device simulator until the problems are mended." in (
        diagnosis.summary
    )


def test_nothing_gradable_exits_with_3(tmp_path: Path) -> None:
    """Where no program starts on any device: exit code 3."""
    broken = {"worker simulator": Answer(facts={"missing": "rich", "error": "none"})}
    diagnosis = command.diagnose(made_up.without_gpu(tmp_path, answers=broken))
    assert diagnosis.exit_code == 3
    assert diagnosis.summary == [
        "Nothing can be graded here until the first problem above is mended."
    ]


@pytest.mark.parametrize(
    ("system", "said"), [("darwin", "This is macOS"), ("win32", "This is win32")]
)
def test_other_systems_cannot_grade(system: str, said: str, tmp_path: Path) -> None:
    """macOS and Windows: exit code 3, a plain sentence, and no question is asked."""
    machine = made_up.MadeUp(tmp_path, system=system)
    diagnosis = command.diagnose(machine)
    assert diagnosis.exit_code == 3
    assert said in diagnosis.findings[0].text
    assert machine.asked == []


def test_a_wrong_option_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    """The command line's own code, 4, not argparse's."""
    assert command.main(["--jsn"]) == 4
    assert "--jsn" in capsys.readouterr().err
    assert command.main(["--help"]) == 0


def test_interruption(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C: exit code 2 and no traceback."""

    def interrupted(_: Machine) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "diagnose", interrupted)
    assert command.main([]) == 2
    assert capsys.readouterr().err.strip() == "Stopped."


# --------------------------------------------------------------------- probes apart


def test_probes_do_not_end_each_other(tmp_path: Path) -> None:
    """One raises, one hangs, one finds: each is in the result, in order and in time."""
    released = threading.Event()

    def raises(_: Machine) -> Iterator[Finding]:
        yield Finding(probe="first", state="ok", text="Seen before.")
        msg = "no such thing"
        raise ValueError(msg)

    def hangs(_: Machine) -> Iterator[Finding]:
        released.wait(60)
        yield from ()

    def finds(_: Machine) -> Iterator[Finding]:
        yield Finding(probe="last", state="ok", text="Fine.")

    started = time.monotonic()
    probes = (Probe("first", raises), Probe("second", hangs, 0.2), Probe("last", finds))
    found = examine(made_up.MadeUp(tmp_path), probes)
    released.set()
    assert time.monotonic() - started < 5
    assert [(f.probe, f.state) for f in found] == [
        ("first", "ok"), ("first", "problem"), ("second", "problem"), ("last", "ok"),
    ]  # fmt: skip
    texts = [f.text for f in found]
    assert any("raised ValueError: no such thing" in text for text in texts)
    assert "The look at second gave no answer within 0.2 s." in texts
    assert texts[-1] == "Fine."


def test_every_probe_survives_a_machine_that_says_nothing(tmp_path: Path) -> None:
    """No probe raises where every question fails and no file is there."""
    for found in examine(made_up.MadeUp(tmp_path, packages={})):
        assert "raised" not in found.text


# ------------------------------------------------------------------------- output


def test_json_goes_to_stdout_alone(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """--json: nothing but valid JSON, and the same exit code."""
    code, out, err = run(made_up.with_gpu(tmp_path), monkeypatch, capsys, "--json")
    data = json.loads(out)
    assert (data["exit_code"], err) == (code, "")
    assert data["format_version"] == 1
    assert data["devices"][1]["points"] == 187
    driver = next(f for f in data["findings"] if f["probe"] == "driver")
    assert driver["facts"]["gpus"][0]["uuid"] == made_up.GPU["uuid"]
    keys = {"probe", "state", "text", "run", "advice", "stops", "lacks", "facts"}
    assert set(driver) == keys


def test_json_to_a_file_beside_the_table(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """--json PATH: the table is shown, and the file holds the JSON."""
    target = tmp_path / "new" / "doctor.json"
    machine = made_up.without_gpu(tmp_path)
    code, out, _ = run(machine, monkeypatch, capsys, "--json", str(target))
    assert code == json.loads(target.read_text("utf-8"))["exit_code"]
    assert "In the simulator: all 18 exercises" in out
    (tmp_path / "taken").write_text("")
    code, _, err = run(machine, monkeypatch, capsys, "--json", f"{tmp_path}/taken/x")
    assert code == 4
    assert "cannot be written" in err


@pytest.mark.parametrize("width", [80, 120])
def test_lines_fit_and_commands_are_whole(width: int, tmp_path: Path) -> None:
    """No line is longer than the terminal, but for commands, which can be pasted."""
    diagnosis = command.diagnose(made_up.with_gpu(tmp_path, libraries={}))
    text = shown.as_text(diagnosis, width=width, colour=False)
    lines = text.splitlines()
    assert [x for x in lines if len(x) > width and not x.strip().startswith("$")] == []
    commands = {x.strip().removeprefix("$ ") for x in lines if x.strip()[:1] == "$"}
    assert commands == {line for f in diagnosis.findings for line in f.run}
    assert "\x1b" not in text
    assert "\x1b[31mproblem" in shown.as_text(diagnosis, width=width, colour=True)


# ------------------------------------------------------------------------- privacy


def test_privacy_takes_out_home_and_name() -> None:
    """Home paths become ~, the name goes wherever it stands, other words stay."""
    private = Privacy(Path("/home/marie"), "marie")
    assert private.text("/home/marie/.venv/bin") == "~/.venv/bin"
    assert private.text("/home/mariette and /data/marie/x") == (
        "/home/mariette and /data/USER/x"
    )
    finding = Finding(
        probe="p", state="ok", text="by marie", run=("ls /home/marie",),
        facts={"a": ["/home/marie"], "/home/marie": {"b": 1}},
    )  # fmt: skip
    clean = private.finding(finding)
    assert clean.text == "by USER"
    assert clean.run == ("ls ~",)
    assert clean.facts == {"a": ["~"], "~": {"b": 1}}
    assert Privacy(Path("/root"), "root").text("only root can, /root/x") == (
        "only root can, ~/x"
    )


def test_no_home_path_leaves(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Wherever the home folder shows up, neither output names it."""
    home = tmp_path / "home" / "marie"
    home.mkdir(parents=True)
    monkeypatch.setattr("tempfile.tempdir", str(home))
    monkeypatch.setattr(Path, "home", lambda: home)
    monkeypatch.setenv("LOGNAME", "marie")
    said = Answer(problem=f"{home}/libfoo.so: no such file, says marie")
    answers = {"worker simulator": said, "nvvm": said, "driver": said}
    machine = made_up.without_gpu(tmp_path, answers=answers)
    for arguments in ([], ["--json"]):
        _, out, _ = run(machine, monkeypatch, capsys, *arguments)
        assert "libfoo" in out
        assert "marie" not in out
        assert str(home) not in out


# ------------------------------------------------------------------- as people run it


def test_it_runs_where_nothing_is_installed(tmp_path: Path) -> None:
    """With no package at all it names what is missing, and exits with 3."""
    done = subprocess.run(
        [sys.executable, "-S", "-E", "-s", str(ROOT / "grade.py"), "doctor"],
        capture_output=True, text=True, cwd=tmp_path, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    assert "are not installed: " in " ".join(done.stdout.split())
    assert "$ python -m pip install -e ." in done.stdout
    assert "raised" not in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_an_old_python_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An interpreter that is too old gets one line and exit code 3, for any command."""
    monkeypatch.setattr(sys, "version_info", (3, 9, 18, "final", 0))
    monkeypatch.setattr(sys, "version", "3.9.18 (main)")
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(ROOT / "grade.py"), run_name="__main__")
    assert ended.value.code == 3
    said = capsys.readouterr().err
    assert "this is Python 3.9.18, and the grader needs 3.11 or newer" in said


def test_the_real_machine(capfd: pytest.CaptureFixture[str]) -> None:
    """Here: a worker starts, the layers of the sandbox are counted, all within time."""
    started = time.monotonic()
    probes = [p for p in PROBES if p.name == "the simulator"]
    found = examine(Machine(), probes)
    assert time.monotonic() - started < 60
    assert [f.text for f in found if "does not start" in f.text] == []
    (layers,) = (f for f in found if "layers" in f.facts and f.probe == "sandbox")
    assert "own session" in layers.facts["layers"]
    assert re.search(r"\d+ of \d+ layers of the sandbox hold", layers.text)
    assert capfd.readouterr().out == ""
