"""The command on fakes: all graded once, gone on with, nobody blamed by chance."""

from __future__ import annotations

import errno
import importlib.util
import json
import os
from collections import Counter
from collections.abc import Callable

import pytest

from graders.harness import cli
from graders.harness.classroom import on_worker
from graders.harness.classroom import results as results_module
from graders.harness.classroom.intake import files as intake_files
from tests.classroom.conftest import FakeClass, Said

Grade = Callable[..., Said]
NAMES = ("ada", "bob", "cleo", "dora", "emil", "fred")


def test_all_are_graded_once_and_then_kept(fakes: FakeClass, grade: Grade) -> None:
    fakes.hand_in(**{name: f"passed # {name}" for name in NAMES[:5]}, fred="failed")
    code, said = grade()
    assert code == 0, said
    assert fakes.states() == dict.fromkeys(NAMES, "graded")
    assert set(fakes.graded().values()) == {1}
    assert len(fakes.graded()) == len(NAMES)
    finished = Counter(event["key"] for event in fakes.events("finished"))
    assert finished == Counter(NAMES)
    assert fakes.result("fred")["report"]["verdict"] == "failed"
    assert fakes.result("ada")["attempts"] == 1
    pages = {path.name for path in (fakes.results / "reports").iterdir()}
    assert pages == {f"{name}.html" for name in NAMES}
    assert (fakes.results / "index.html").is_file()
    assert (fakes.results / "gradebook.csv").is_file()
    assert not (fakes.results / ".scratch").exists()

    fakes.forget()
    again, _ = grade()
    assert again == 0
    assert not fakes.graded()


def test_changed_new_and_withdrawn_ones(fakes: FakeClass, grade: Grade) -> None:
    fakes.hand_in(ada="passed", bob="failed", cleo="passed # gone")
    grade()
    fakes.forget()
    fakes.hand_in(bob="passed # mended", dora="passed # late")
    (fakes.submissions / "cleo" / "sepia_blur.py").unlink()
    (fakes.submissions / "cleo").rmdir()
    code, said = grade()
    assert code == 0
    assert fakes.graded() == Counter(["passed # mended", "passed # late"])
    assert (
        "1 handed in anew since they were graded: they are graded again (bob)" in said
    )
    assert "not among the submissions any more: they are left there (cleo)" in said
    assert fakes.result("bob")["report"]["verdict"] == "passed"


def test_regrade_takes_keys_or_all(fakes: FakeClass, grade: Grade) -> None:
    fakes.hand_in(ada="passed # a", bob="passed # b")
    grade()
    fakes.forget()
    assert grade("--regrade", "bob")[0] == 0
    assert fakes.graded() == Counter(["passed # b"])
    fakes.forget()
    assert grade("--regrade")[0] == 0
    assert len(fakes.graded()) == 2
    code, said = grade("--regrade", "bobb")
    assert code == 4
    assert "Did you mean 'bob'?" in said


def test_regrade_says_how_many_keys_there_are(fakes: FakeClass, grade: Grade) -> None:
    fakes.hand_in(**{f"s{n:02}": "passed" for n in range(13)})
    code, said = grade("--regrade", "nobody")
    assert code == 4
    assert "There are: s00, s01, s02, s03, s04, s05, s06, s07 and 5 more." in said


def test_regrade_that_took_the_submissions_says_so(
    fakes: FakeClass, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(fakes.submissions)
    assert cli.main(["class", "--regrade", folder, "-o", str(fakes.results)]) == 4
    said = " ".join(capsys.readouterr().err.split())
    assert "required: SUBMISSIONS. Put SUBMISSIONS first: --regrade takes all" in said


def test_results_of_other_graders_and_devices_are_kept_and_told(
    fakes: FakeClass, grade: Grade
) -> None:
    fakes.hand_in(ada="passed # a", bob="passed # b")
    grade()
    for name, change in (("ada", {"device": "cuda"}), ("bob", {"judged_by": {}})):
        result = fakes.result(name)
        report = result["report"]
        if "device" in change:
            report.update(change)
        else:
            report["environment"].update(change)
        path = fakes.results / "results" / f"{name}.json"
        path.write_text(json.dumps(result))
    fakes.forget()
    code, said = grade()
    assert code == 0
    assert not fakes.graded()
    assert "graded on another device: they are kept" in said
    assert "other checks or another engine than today's: they are kept" in said


def test_results_about_other_exercises_are_not_mixed(
    fakes: FakeClass, grade: Grade
) -> None:
    fakes.hand_in(ada="passed")
    grade("--exercise", "sepia_blur")
    code, said = grade()
    assert code == 4
    assert "fft_callbacks/sepia_blur" in said
    assert grade("--regrade")[0] == 0
    assert grade()[0] == 0


def test_what_cannot_be_graded_is_said_and_tried_again(
    fakes: FakeClass, grade: Grade
) -> None:
    fakes.hand_in(ada="passed", bob="bad")
    code, said = grade()
    assert code == 1
    assert "1 cannot be read: bob" in said
    assert fakes.states() == {"ada": "graded", "bob": "unreadable"}
    assert "holds no exercise" in fakes.result("bob")["problem"]
    fakes.forget()
    assert grade("--exit-zero")[0] == 0
    assert fakes.graded() == Counter(["bad"])


def test_what_cannot_be_read_is_never_sent(
    fakes: FakeClass, grade: Grade, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(self: object) -> dict[str, bytes]:
        msg = "something nobody thought of"
        raise RuntimeError(msg)

    monkeypatch.setattr(intake_files.HandedFiles, "read", read)
    fakes.hand_in(ada="passed")
    code, _ = grade()
    assert code == 1
    assert not fakes.graded()
    assert "nobody thought of" in fakes.result("ada")["problem"]


def test_a_fault_of_ours_is_graded_again_alone_and_at_the_next_run(
    fakes: FakeClass, grade: Grade
) -> None:
    fakes.hand_in(ada="passed", bob="error", cleo="error once")
    code, said = grade()
    assert code == 1
    assert "1 not wholly judged, which is not the learners' fault: bob" in said
    assert fakes.graded()["error"] == fakes.graded()["error alone"] == 1
    assert fakes.graded()["error once alone"] == 1
    assert fakes.result("cleo")["report"]["verdict"] == "passed"
    assert fakes.result("cleo")["attempts"] == 2
    fakes.forget()
    _, said = grade()
    assert "of which not all could be judged: they are graded again (bob)" in said
    stubs = {text for text in fakes.graded() if "Exercise" in text}
    assert set(fakes.graded()) - stubs == {"error", "error alone"}


def test_what_only_a_gpu_can_judge_is_kept_and_no_next_run_is_promised(
    fakes: FakeClass, grade: Grade
) -> None:
    fakes.hand_in(ada="passed", pat="gpu")
    for graded in (Counter(["passed", "gpu"]), Counter()):
        code, said = grade()
        assert code == 1
        assert "1 of which nothing can be judged without a GPU: pat." in said
        assert "--regrade KEY on a machine with a GPU judges them." in said
        assert "the next run grades them again" not in said
        assert fakes.graded() == graded
        fakes.forget()
    page = (fakes.results / "index.html").read_text()
    assert "Nothing of it can be judged without a GPU." in page


def test_a_program_that_somebody_killed_has_a_second_chance(
    fakes: FakeClass, grade: Grade
) -> None:
    fakes.hand_in(ada="passed", bob="killed once", cleo="killed")
    assert grade()[0] == 0
    assert fakes.result("bob")["report"]["verdict"] == "passed"
    # Killed again where nothing was beside it, so that is what it does.
    assert fakes.result("cleo")["report"]["verdict"] == "failed"


def test_who_takes_the_station_down_is_set_aside_and_nobody_else(
    fakes: FakeClass, grade: Grade
) -> None:
    slow = {name: f"slow 0.1{n}" for n, name in enumerate(NAMES)}
    fakes.hand_in(**slow, gus="down # g", hal="down # h")
    code, said = grade()
    assert code == 1
    assert "2 set aside" in said
    assert "gus, hal" in said
    states = fakes.states()
    assert {key for key, state in states.items() if state == "set_aside"} == {
        "gus",
        "hal",
    }
    assert "signal 11" in fakes.result("gus")["problem"]
    assert Counter(e["key"] for e in fakes.events("finished")) == Counter(list(states))
    assert fakes.graded()["down # g alone"] == 2
    # It stays set aside, until somebody asks.
    fakes.forget()
    assert grade()[0] == 1
    assert not fakes.graded()
    fakes.hand_in(gus="passed # g")
    assert "set aside" in grade()[1]
    fakes.forget()
    grade("--regrade", "hal")
    assert fakes.graded()["down # h alone"] == 2


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ("down", "ended by signal 9"),
        ("unfit", "no GPU any more"),
        ("errors", "not even a stub can be graded"),
    ],
)
def test_a_machine_that_cannot_grade_blames_nobody(
    fakes: FakeClass,
    grade: Grade,
    monkeypatch: pytest.MonkeyPatch,
    broken: str,
    why: str,
) -> None:
    fakes.hand_in(**{f"s{n}": f"passed # {n}" for n in range(36)})
    monkeypatch.setenv("FAKE_STATION_BROKEN", broken)
    code, said = grade()
    assert code == 3
    assert why in said
    assert "0 of 36 have a result" in said
    assert fakes.states() == {}
    # Found out after a few of them, and not by trying each several times.
    assert sum(fakes.graded().values()) < 36
    monkeypatch.delenv("FAKE_STATION_BROKEN")
    assert grade()[0] == 0
    assert set(fakes.states().values()) == {"graded"}


def test_a_machine_that_was_unfit_for_a_moment_is_tried_again(
    fakes: FakeClass, grade: Grade
) -> None:
    fakes.hand_in(**{f"s{n}": f"slow 0.0{n}" for n in range(9)})
    fakes.hand_in(s0="unfit once # a", s1="unfit once # b")
    code, said = grade()
    assert code == 0, said
    assert set(fakes.states().values()) == {"graded"}
    returned = {event["key"] for event in fakes.events("returned")}
    assert returned == {"s0", "s1"}


def test_a_machine_that_is_unfit_once_more_on_trial_is_tried_again_later(
    fakes: FakeClass, grade: Grade
) -> None:
    fakes.hand_in(ada="unfit twice", bob="passed # b", cleo="passed # c")
    code, said = grade("--jobs", "1")
    assert code == 0, said
    assert "used no more" not in said
    assert set(fakes.states().values()) == {"graded"}
    assert [event["key"] for event in fakes.events("returned")] == ["ada", "ada"]


def test_a_full_disk_ends_the_run_and_spoils_nothing(
    fakes: FakeClass, grade: Grade, monkeypatch: pytest.MonkeyPatch
) -> None:
    fakes.hand_in(**{f"s{n}": f"passed # {n}" for n in range(12)})
    write = results_module.write_whole
    count = iter(range(100))

    def full_after_a_while(path: object, text: str) -> None:
        if next(count) >= 9:
            cause = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            message = "the report could not be written"
            raise results_module.HarnessError(message) from cause
        write(path, text)

    with monkeypatch.context() as patch:
        patch.setattr(results_module, "write_whole", full_after_a_while)
        code, said = grade()
    assert code == 3
    assert "could not be written: No space left on device. Make room." in said
    assert "4 of 12 have a result" in said
    done = fakes.states()
    assert len(done) == 4
    fakes.forget()
    assert grade()[0] == 0
    assert len(fakes.states()) == 12
    assert len(fakes.graded()) == 8


def test_only_a_few_submissions_are_in_memory_at_once(
    fakes: FakeClass, grade: Grade, monkeypatch: pytest.MonkeyPatch
) -> None:
    count, slots = 40, 2
    fakes.hand_in(**{f"s{n:02}": f"slow 0.01 # {n}" for n in range(count)})
    read = intake_files.HandedFiles.read
    most = 0
    begun = 0

    def counted(self: intake_files.HandedFiles) -> object:
        nonlocal begun, most
        begun += 1
        most = max(most, begun - len(list((fakes.results / "results").iterdir())))
        return read(self)

    monkeypatch.setattr(intake_files.HandedFiles, "read", counted)
    fakes.hand_in(**{f"s{n:02}": f"passed # {n}" for n in range(count)})
    assert grade("--jobs", str(slots))[0] == 0
    assert begun == count
    # In flight, read in advance, and one that is being written.
    assert most <= 2 * slots + 2


def test_nothing_to_grade(fakes: FakeClass, grade: Grade) -> None:
    code, _ = grade()
    assert code in (4, 5)
    assert not fakes.results.exists()


def test_the_command_says_what_to_install(
    fakes: FakeClass, grade: Grade, monkeypatch: pytest.MonkeyPatch
) -> None:
    fakes.hand_in(ada="passed")
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name: None if name == "distributed" else find(name),
    )
    code, said = grade()
    assert code == 3
    assert "needs distributed" in said
    assert "pip install -e '.[class]'" in said
    assert not fakes.results.exists()


@pytest.mark.parametrize("option", ["--jobs=0", "--nonsense", "--device=tpu"])
def test_a_wrong_command_line_is_no_verdict(
    fakes: FakeClass, grade: Grade, option: str
) -> None:
    fakes.hand_in(ada="passed")
    assert grade(option)[0] == 4


def test_a_wrong_exercise_is_told_before_anything_is_made(
    fakes: FakeClass, grade: Grade
) -> None:
    fakes.hand_in(ada="passed")
    code, said = grade("--exercise", "sepia_blurr")
    assert code == 4
    assert "Did you mean" in said
    assert not fakes.results.exists()


def test_stations_end_with_the_run(fakes: FakeClass, grade: Grade) -> None:
    fakes.hand_in(ada="passed")
    grade()
    assert not on_worker._HALL._places
