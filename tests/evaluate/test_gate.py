"""The gate lets a model pass that surely gained and forgot little, in no category much."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stumper.evaluate.closing import Figures
from stumper.evaluate.gate import LEAST_ITEMS, Gate

GAINED = Figures(
    score_base=0.1,
    score_base_ci=(0.05, 0.15),
    score_tuned=0.6,
    score_tuned_ci=(0.5, 0.7),
    score_guess=0.2,
    gain=0.5,
    gain_ci=(0.4, 0.6),
    known_base=0.95,
    known_tuned=0.94,
    withheld_base=0.1,
    withheld_tuned=0.5,
    withheld_guess=0.2,
    details={},
)


def known(name: str, change: float | None, *, high: float, items: int = 300) -> dict[str, Any]:
    gain = {"mean": change, "low": -1.0, "high": high, "n": items}
    return {"known": {"categories": [{"name": name, "items": items, "gain": gain}]}}


@pytest.mark.parametrize(
    ("figures", "passes"),
    [
        (GAINED, True),
        (replace(GAINED, gain_ci=(-0.01, 0.2)), False),
        (replace(GAINED, known_tuned=0.92), True),
        (replace(GAINED, known_tuned=0.91), False),
        (replace(GAINED, details=known("spatial", -0.09, high=-0.01)), False),
        (replace(GAINED, details=known("spatial", -0.07, high=-0.01)), True),
        (replace(GAINED, details=known("spatial", -0.2, high=0.01)), True),  # may be chance
        (replace(GAINED, details=known("spatial", -0.9, high=-0.5, items=LEAST_ITEMS - 1)), True),
        (replace(GAINED, details=known("spatial", None, high=0.0)), True),  # nothing could be scored
    ],
)
def test_the_gate_wants_a_sure_gain_and_little_forgetting(figures: Figures, passes: bool) -> None:
    assert Gate().passes(figures) is passes
    assert ("plays the next round" in Gate().verdict(figures)) is passes


def test_the_verdict_names_the_category_that_was_lost() -> None:
    figures = replace(GAINED, details=known("color", -0.25, high=-0.1))

    assert "0.250 of colour (allowed 0.080)" in Gate().verdict(figures)


@given(st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_model_that_gained_more_and_forgot_less_passes_too(
    low: float, knew: float, knows: float, better: float
) -> None:
    figures = replace(GAINED, gain_ci=(low, 1.0), known_base=knew, known_tuned=knows)
    more = replace(figures, gain_ci=(low + better, 2.0), known_tuned=knows + better)

    assert Gate().passes(more) or not Gate().passes(figures)
