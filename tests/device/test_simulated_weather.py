"""First uses and hiccups of the simulated machine."""

from __future__ import annotations

import statistics

import pytest

from graders.harness.device.simulator.weather import HICCUP, Weather


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
def test_least_and_middle_of_five_stay_what_they_were(steps, warm_ups):
    for earlier in range(40):
        weather = Weather()
        timings(weather, 1, 0, earlier)
        for samples in timings(weather, steps, warm_ups, 5):
            assert min(samples) == statistics.median(samples) == 1.0


def test_the_slowest_of_many_is_a_hiccup():
    (samples,) = timings(Weather(), 1, 0, 40)
    assert max(samples) == HICCUP
    assert samples.count(HICCUP) in (3, 4)


def test_a_hiccup_meets_each_kind_of_work_once():
    weather = Weather()
    timings(weather, 1, 0, 7)
    weather.mark()
    seen = [weather.duration(1.0, kind) for kind in ("up", "up", "down", "down")]
    assert seen == [HICCUP, 1.0, HICCUP, 1.0]


def test_a_use_is_first_once_a_call():
    weather = Weather()
    assert [weather.first_use("copy") for _ in range(2)] == [True, False]
    weather.begin()
    assert weather.first_use("copy")
