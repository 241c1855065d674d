"""Where the HTML report draws bars and cells, and the words beside them."""

from __future__ import annotations

from typing import Any

import pytest

from graders.harness.report.html_figures import amount, figure_view, ratio_views
from graders.harness.report.html_timeline import duration, timeline_view


def record(what: str, start: float, seconds: float, **more: Any) -> dict[str, Any]:
    return {
        "what": what, "name": "k", "start": start, "seconds": seconds, "stream": 0,
        "elements": 0, "nbytes": 0, **more,
    }  # fmt: skip


def timeline(*records: dict[str, Any], omitted: int = 0) -> dict[str, Any]:
    view = timeline_view(
        {"records": list(records), "omitted": omitted, "busy": 1.0, "device": "cuda"}
    )
    assert view is not None
    return view


def spans(view: dict[str, Any], lane: str) -> list[tuple[float, float]]:
    return [(bar["left"], bar["width"]) for bar in dict(view["lanes"])[lane]]


# ---------------------------------------------------------------------------- timelines


def test_like_times_have_like_widths() -> None:
    """Where nothing is extreme, the drawing is true to scale."""
    view = timeline(
        record("gemm", 0, 1), record("gemm", 1.02, 2), record("gemm", 3.02, 1)
    )
    (_, one), (_, two), (left, three) = spans(view, "kernels")
    assert one == pytest.approx(three, abs=0.02)
    assert two == pytest.approx(2 * one, abs=0.02)
    assert left + three == pytest.approx(100, abs=0.02)


def test_a_kernel_is_seen_beside_a_copy_a_thousand_times_as_long() -> None:
    view = timeline(record("host_to_device", 0, 2e-3), record("gemm", 2e-3, 2e-6))
    ((_, copy),) = spans(view, "to the GPU")
    ((left, kernel),) = spans(view, "kernels")
    assert kernel > 1.5
    assert copy > 90
    assert left == pytest.approx(copy, abs=0.02)


def test_idle_time_takes_little_room() -> None:
    view = timeline(record("gemm", 0, 1e-6), record("gemm", 1.0, 1e-6))
    (_, one), (left, other) = spans(view, "kernels")
    assert one == other > 45
    assert left > one + 1


def test_what_runs_at_once_lies_one_above_the_other() -> None:
    view = timeline(
        record("gemm", 0, 4, stream=1),
        record("fft", 1, 2, stream=2),
        record("gemm", 4, 1),
    )
    lanes = dict(view["lanes"])
    assert list(lanes) == [
        "kernels, stream 1", "kernels, stream 2", "kernels, stream 0",
    ]  # fmt: skip
    (first, width), (inner, short) = (
        spans(view, f"kernels, stream {stream}")[0] for stream in (1, 2)
    )
    assert first < inner < inner + short < first + width


def test_many_streams_share_a_lane() -> None:
    view = timeline(*(record("gemm", n, 1, stream=n) for n in range(50)))
    assert len(view["lanes"]) <= 9
    assert sum(len(bars) for _, bars in view["lanes"]) == 50


def test_what_takes_no_time_at_all_is_drawn() -> None:
    view = timeline(record("gemm", 0, 0), record("gemm", 0, 0))
    assert all(width > 0 for _, width in spans(view, "kernels"))


def test_a_timeline_says_how_much_it_shows() -> None:
    copies = [record("device_to_host", n, 0.5, nbytes=1234) for n in range(2)]
    view = timeline(*copies, record("gemm", 3, 1), omitted=7)
    assert view["said"] == (
        "The first 1 kernel and 2 copies, of 10 records in 4 s; "
        "the device was busy for 1 s in all."
    )
    assert view["rows"][1]["size"] == "1,234 B"
    assert [words for _, words in view["kinds"]] == [
        "transform, product or solver", "copy",
    ]  # fmt: skip


# -------------------------------------------------------------------------------- ratios


def ratio(**more: Any) -> dict[str, Any]:
    measured = {
        "ratio": 3.0, "low": 2.0, "high": 4.0, "threshold": 1.5, "pairs": 8,
        "answer": "above", "metric": "device_time", "other": "the baseline",
        "samples": [[1e-3, 3e-3], [2e-3, 5e-3], [1.5e-3, 4e-3]],
    } | more  # fmt: skip
    (view,) = ratio_views({"ratio_of_the_form": measured, "other figure": 3})
    return view


def test_a_ratio_says_what_was_measured() -> None:
    view = ratio()
    assert view["label"] == "Times as fast as the baseline, of the form"
    assert view["metric"] == "time for which the GPU is busy"
    assert view["times"] == "A round of yours took 1.5 ms, of the baseline 4 ms."


def test_a_ratios_places_are_in_proportion() -> None:
    at = ratio()["at"]
    assert at["value"] == pytest.approx(2 * at["threshold"], abs=0.02)
    assert at["width"] == pytest.approx(at["high"] - at["low"], abs=0.02)
    assert at["high"] < 100


@pytest.mark.parametrize(
    ("answer", "words"),
    [("above", "above"), ("below", "below"), ("inconclusive", "credit is given")],
)
def test_a_ratio_says_what_it_comes_to(answer: str, words: str) -> None:
    assert words in ratio(answer=answer)["said"]


@pytest.mark.parametrize(
    ("clocks", "words"),
    [
        ([1980], "Meanwhile the GPU's clock was 1,980 MHz of at most 1,980."),
        ([1980, None, 700], "was 700 to 1,980 MHz of at most 1,980."),
        ([], "NVML does not answer."),
        ([None, "a text"], "NVML does not answer."),
    ],
)
def test_a_ratio_says_how_fast_the_gpu_ran(clocks: list[Any], words: str) -> None:
    readings = [{"sm_clock_mhz": c, "sm_clock_max_mhz": 1980} for c in clocks]
    because = "NVML does not answer."
    found = {"readings": [*readings, 3], "unavailable_because": because}
    assert ratio(clocks=found)["clocks"].endswith(words)
    assert ratio(clocks=3)["clocks"] == ratio()["clocks"] == ""


def test_why_credit_was_given_is_said() -> None:
    said = ratio(answer="inconclusive", credited="The GPU was hot.")["said"]
    assert said == "The GPU was hot."


# ----------------------------------------------------------------------------- heat maps


def heatmap(**more: Any) -> dict[str, Any]:
    view = figure_view(
        {
            "kind": "heatmap", "label": "the sum", "case": "", "shape": [100, 50],
            "axes": [0, 1], "at": [99, 0], "block": [2, 1], "grid": [[0.0] * 50] * 50,
            "scale": [0, 1.0], "largest": 1.0, "limit": 0.0, "not_finite": 0, **more,
        }
    )  # fmt: skip
    assert view is not None
    return view


def test_the_mark_is_on_the_worst_cell() -> None:
    assert heatmap()["mark"] == [99.0, 1.0]


def test_a_vector_is_a_strip_that_can_be_seen() -> None:
    view = heatmap(shape=[200], axes=[0], at=[199], block=[1, 4], grid=[[0.0] * 50])
    assert view["mark"] == [50.0, 99.0]
    assert view["last"] == [0, 199]
    assert view["height"] >= 20


def test_a_map_says_which_part_it_shows() -> None:
    said = heatmap(shape=[7, 100, 50], axes=[1, 2], at=[3, 99, 0])["said"]
    assert said[:2] == [
        "Each cell is the largest error of 2 x 1 elements.",
        "Shown is [3, :, :] of 7 x 100 x 50 elements.",
    ]


# --------------------------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (2.5, "2.5 s"),
        (2.5e-3, "2.5 ms"),
        (2e-6, "2 µs"),
        (5e-10, "0.5 ns"),
        (None, "?"),
    ],
)
def test_durations_have_a_unit(seconds: float | None, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [(0.12345, "0.123"), (12345.6, "12,346"), (1e12, "1e+12"), (None, "no number")],
)
def test_amounts_have_three_digits(number: object, words: str) -> None:
    assert amount(number) == words
