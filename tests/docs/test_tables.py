"""The documents' tables hold what the program has."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

from graders.harness import checks, plugin, rubric, selfcheck
from graders.harness.catalog import Catalog
from graders.harness.cli import ExitCode, build_parser
from tests.docs.documents import (
    HARNESS,
    INLINE,
    INSTRUCTORS,
    LINK,
    NUMBER,
    README,
    ROOT,
    members,
    prose,
)

# ---------------------------------------------------------------------------- tables


def table(path: Path, heading: str) -> list[list[str]]:
    """Return the rows of the first table under a heading, without its head."""
    text = path.read_text("utf-8").split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line for line in text.splitlines() if line.startswith("|")]
    cells = [re.split(r"(?<=\s)\|(?=\s)", row.strip("|")) for row in rows[2:]]
    return [[cell.strip() for cell in row] for row in cells]


def test_table_of_exercises() -> None:
    """Each exercise with its points, those for a GPU, and its lesson above it."""
    rows = table(README, "The exercises")
    said = {row[0].strip("`"): (row[1], row[2]) for row in rows if row[1]}
    worth = {}
    for exercise in Catalog().select(()):
        checks = exercise.rubric.checks.values()
        on_gpu = sum(check.points for check in checks if check.needs)
        total = f"{sum(check.points for check in checks):g}"
        worth[exercise.name] = (total, f"{on_gpu:g}" if on_gpu else "")
    assert said == worth
    lesson = ""
    for row in rows:
        if row[1]:
            assert lesson == f"assignments/{row[0].strip('`').split('/')[0]}/README.md"
        else:
            (lesson,) = LINK.findall(row[0])


def test_table_of_the_self_check() -> None:
    said = ", ".join(row[0] for row in table(INSTRUCTORS, "Selfcheck"))
    assert tuple(said.split(", ")) == selfcheck._COLUMNS


def test_table_of_speed() -> None:
    """The figures are those of the measurements."""
    rows = table(README, "How long it takes")
    for column, name in ((1, "simulator"), (2, "h100")):
        file = ROOT / "docs" / "measurements" / f"speed-{name}.json"
        measured = json.loads(file.read_text("utf-8"))
        cold, warm = measured["cold"], measured["warm"]["exercises"]
        figures = [f"{cold['grading_seconds']:.1f}", f"{cold['ratio']:.1f}"]
        assert NUMBER.findall(rows[0][column]) == [str(len(warm)), *figures]
        medians = sorted(each["median"] for each in warm.values())
        saves = [f"{medians[0]:.1f}", f"{medians[-1]:.1f}"]
        assert NUMBER.findall(rows[1][column]) == saves


def test_the_bare_run_has_a_case_for_each_exercise() -> None:
    source = (ROOT / "tests" / "benchmarks" / "bare_run.py").read_text("utf-8")
    cases = members(ast.parse(source).body)
    assert {e.slug for e in Catalog().select(())} <= set(cases)


def test_table_of_exit_codes() -> None:
    said = [int(row[0]) for row in table(README, "Exit codes")]
    assert said == [code.value for code in ExitCode]


def test_table_of_commands_has_every_option() -> None:
    said = " ".join(row[0] for row in table(README, "Commands")).replace("`", "")
    options = {o for action in build_parser()._actions for o in action.option_strings}
    assert {o for o in options if o.startswith("--")} - {"--help"} <= set(said.split())


def test_table_of_rubric_keys() -> None:
    cells = table(INSTRUCTORS, "The rubric")
    rows = {(row[0].strip("`"), row[1].strip("`")) for row in cells}
    keys = {("title", "the rubric"), ("order", "the rubric")}
    keys |= {(k, "[exercises.NAME]") for k in rubric._EXERCISE_KEYS}
    keys |= {(k, "a check") for k in rubric._CHECK_KEYS}
    of_tutorials = rubric._TUTORIAL_KEYS - rubric._EXERCISE_KEYS
    keys |= {(k, "tutorial") for k in of_tutorials}
    assert rows == keys


def test_table_of_the_public_interface() -> None:
    rows = table(INSTRUCTORS, "How a check is written")
    for row in rows:
        for name in INLINE.findall(row[0]):
            assert name.split(".")[0] in checks.__all__, name
    (fields,) = (row[1] for row in rows if row[0] == "`Observation`")
    assert set(INLINE.findall(fields)) <= set(checks.Observation.__dataclass_fields__)


def test_fixtures_exist() -> None:
    sentence = re.search(r"Fixtures: (.*?)\. Draw", prose(INSTRUCTORS), re.DOTALL)
    assert sentence is not None
    for name in INLINE.findall(sentence[1]):
        assert name == "details" or hasattr(plugin, name), name


def test_table_of_the_json_report() -> None:
    text = (HARNESS / "report" / "report.schema.json").read_text("utf-8")
    schema = json.loads(text)
    rows = table(INSTRUCTORS, "Reading the JSON report")
    named = {name for row in rows for name in INLINE.findall(row[0])}
    assert named <= {*schema["properties"], *schema["$defs"]["exercise"]["properties"]}
    by_field = {row[0].strip("`"): set(INLINE.findall(row[1])) for row in rows}
    assert by_field["checks"] <= set(schema["$defs"]["check"]["properties"])
    facts = schema["properties"]["environment"]["properties"]
    assert by_field["environment"] == set(facts)
    assert by_field["verdict"] == set(schema["$defs"]["verdict"]["enum"])
