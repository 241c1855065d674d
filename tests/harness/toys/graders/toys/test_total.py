"""The check of ``total``."""

from __future__ import annotations

from graders.harness.checks import Learner, expect_number
from graders.harness.errors import WrongValue


def test_value(learner: Learner) -> None:
    """The sum of the numbers is right."""
    value = expect_number(learner.call("total", [1.0, 2.0, 4.0]).value)
    if value != 7.0:
        msg = f"The result is {value}. Expected was 7.0."
        raise WrongValue(msg, earned=0.5 if value == 8.0 else 0.0)
