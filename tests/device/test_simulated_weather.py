"""First uses and hiccups of the simulated machine."""

from __future__ import annotations

import statistics

import pytest

from graders.harness.device.simulator.weather import HICCUP, Weather

# From when on graders/memory_spaces/rubric.toml calls a figure wrong: of a mean of five
# samples and of one of ten, a hiccup among them.
COPIES_FACTOR = 1.75


def timings(weather: Weather, steps: int, warm_ups: int, repeats: int):
    """Return the samples of a benchmark that takes turns among its steps."""
    samples: list[list[float]] = [[] for _ in range(steps)]
    for turn in range(warm_ups + repeats):
        for step in samples:
            weather.mark()
            seconds = weather.duration(1.0, "copy")
            weather.mark()
            if turn >= warm_ups:
                step.append(seconds)
    return samples


@pytest.mark.parametrize("steps", range(1, 9))
@pytest.mark.parametrize("warm_ups", range(4))
@pytest.mark.parametrize("repeats", [3, 5])
def test_least_and_middle_of_a_few_stay_what_they_were(steps, warm_ups, repeats):
    for earlier in range(40):
        weather = Weather()
        timings(weather, 1, 0, earlier)
        for samples in timings(weather, steps, warm_ups, repeats):
            assert min(samples) == statistics.median(samples) == 1.0


@pytest.mark.parametrize("report", [max, statistics.mean])
def test_benchmarks_by_mean_or_maximum_show(report):
    """Of one after the other: of the copies' two, one is too long at least, or nearly."""
    designs = [(w, r) for w in range(1, 6) for r in range(5, 21)]
    seen = 0
    for warm_ups, repeats in designs:
        weather = Weather()
        figures = [timings(weather, 1, warm_ups, repeats)[0] for _ in range(4)]
        seen += any(report(samples) > COPIES_FACTOR for samples in figures[2:])
    assert seen >= 0.9 * len(designs)


def test_the_slowest_of_many_is_a_hiccup():
    (samples,) = timings(Weather(), 1, 0, 40)
    assert max(samples) == HICCUP
    assert samples.count(HICCUP) == 4


def test_a_hiccup_meets_each_kind_of_work_once():
    weather = Weather()
    timings(weather, 1, 0, 8)
    weather.mark()
    seen = [weather.duration(1.0, kind) for kind in ("up", "up", "down", "down")]
    assert seen == [HICCUP, 1.0, HICCUP, 1.0]


def test_a_use_is_first_once_a_call():
    weather = Weather()
    assert [weather.first_use("copy") for _ in range(2)] == [True, False]
    weather.begin()
    assert weather.first_use("copy")
