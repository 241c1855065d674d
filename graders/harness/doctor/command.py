"""The command: examine this machine, say what was found, end with a code for it."""

from __future__ import annotations

import argparse
import getpass
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from graders.harness.closed_streams import open_closed_streams
from graders.harness.doctor.examination import examine
from graders.harness.doctor.findings import Finding, Privacy
from graders.harness.doctor.machine import Machine
from graders.harness.doctor.points import Gradable, gradable, sentences
from graders.harness.doctor.shown import (
    Diagnosis,
    as_json,
    as_text,
    in_colour,
    output_width,
)

# As cli.ExitCode, which cannot be imported where packages are missing.
_WELL, _PROBLEMS, _INTERRUPTED, _NOTHING, _USAGE = 0, 1, 2, 3, 4
_DEVICES = ("simulator", "cuda")
_STDOUT = Path("-")


def main(argv: Sequence[str]) -> int:
    """
    Run the command.

    Returns:
        0 if all that this machine's devices need is there, 1 if something is broken that
        can be mended or that limits grading, 3 if nothing can be graded here, 4 if the
        command line is wrong.
    """
    open_closed_streams()
    parser = argparse.ArgumentParser(
        prog="grade.py doctor",
        description="What can this machine grade, what can it not, and what mends that?",
    )
    parser.add_argument(
        "--json",
        nargs="?",
        type=Path,
        const=_STDOUT,
        metavar="PATH",
        help="print everything as JSON, for support; with a PATH, write it there as well "
        "as the table",
    )
    try:
        target = parser.parse_args(argv).json
    except SystemExit as end:  # argparse has said what is wrong
        return _USAGE if end.code else _WELL
    try:
        diagnosis = diagnose(Machine())
    except KeyboardInterrupt:
        return _say("\nStopped.", _INTERRUPTED)
    if target == _STDOUT:
        sys.stdout.write(as_json(diagnosis))
        return diagnosis.exit_code
    sys.stdout.write(as_text(diagnosis, width=output_width(), colour=in_colour()))
    if target is not None:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(as_json(diagnosis), "utf-8")
        except OSError as err:
            return _say(f"--json: {target} cannot be written: {err.strerror}.", _USAGE)
    return diagnosis.exit_code


def _say(text: str, code: int) -> int:
    sys.stderr.write(f"{text}\n")
    return code


def diagnose(machine: Machine) -> Diagnosis:
    """Examine a machine and work out what can be graded on it."""
    started = time.monotonic()
    private = Privacy(Path.home(), _user())
    findings = [private.finding(finding) for finding in examine(machine)]
    stopped = {device for finding in findings for device in finding.stops}
    lacks = {name for finding in findings for name in finding.lacks}
    gpu = _gpu_name(machine)
    if not gpu:
        stopped.add("cuda")
    devices = _gradable(machine, stopped, lacks)
    summary = []
    if not stopped >= set(_DEVICES):
        summary = sentences(devices, gpu, recorded="CUPTI" not in lacks)
    summary += _advice(findings, stopped, gpu)
    return Diagnosis(
        findings=findings,
        devices=devices,
        summary=[private.text(sentence) for sentence in summary],
        exit_code=_exit_code(findings, stopped),
        seconds=time.monotonic() - started,
    )


def _gradable(machine: Machine, stopped: set[str], lacks: set[str]) -> list[Gradable]:
    try:
        from graders.harness.catalog import Catalog  # noqa: PLC0415 - Python 3.11

        catalog = Catalog(machine.project)
        return [
            gradable(catalog, device, stopped=device in stopped, lacks=lacks)
            for device in _DEVICES
        ]
    except Exception:  # noqa: BLE001 - a broken rubric is told by `python grade.py`
        return []


def _advice(findings: Sequence[Finding], stopped: set[str], gpu: str) -> list[str]:
    if stopped >= set(_DEVICES):
        return ["Nothing can be graded here until the first problem above is mended."]
    problems = sum(finding.state == "problem" for finding in findings)
    chosen = next((f.facts["chosen"] for f in findings if "chosen" in f.facts), "")
    named = {"cuda": gpu or "the GPU", "simulator": "the simulator"}
    lines = [f"`python grade.py` takes {named[chosen]}."] if chosen in named else []
    if chosen == "cuda" and "cuda" in stopped:
        lines = ["Grade with --device simulator until the problems are mended."]
    if problems:
        some = "1 problem is" if problems == 1 else f"{problems} problems are"
        lines.append(f"{some} named above, with what mends it.")
    return lines


def _exit_code(findings: Sequence[Finding], stopped: set[str]) -> int:
    if stopped >= set(_DEVICES):
        return _NOTHING
    return _PROBLEMS if any(f.state == "problem" for f in findings) else _WELL


def _gpu_name(machine: Machine) -> str:
    gpus = machine.gpus()
    return str(gpus[0]["name"]) if gpus else ""


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""  # a container may run as a number
