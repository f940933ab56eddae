"""The columns of a log: counted by hand, and everything that cannot be a column refused by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from stumper.errors import BadInput
from stumper.trust.crowd import LOOKS, kinds, tabulate


def test_controls_are_counted_as_hits_misses_false_alarms_and_clean() -> None:
    log = tabulate(
        players=3,
        control_player=[0, 0, 0, 0, 0, 2],
        control_poisoned=[1, 1, 1, 0, 0, 0],
        control_wrong=[1, 1, 0, 1, 0, 0],
    )

    assert log.controls.tolist() == [[2, 1, 1, 1], [0, 0, 0, 0], [0, 0, 0, 1]]


GOOD: dict[str, Any] = {
    "players": 2,
    "asker": [0, 1],
    "claimed": [1, 0],
    "category": [0, 3],
    "image": [5, 5],
    "item": [0],
    "voter": [1],
    "says_wrong": [True],
    "says_right": [False],
}


@pytest.mark.parametrize(
    ("column", "values", "says"),
    [
        ("claimed", [1.0, float("nan")], "not a number"),
        ("claimed", [1, 2], "0 to 1"),
        ("category", [0.5, 1.0], "fractions"),
        ("category", ["text", "count"], "not a number"),
        ("image", [-1, 4], "-1"),
        ("image", [1], "2 in all"),
        ("image", [0, 10**15], "9999999"),
        ("asker", [0, 2], "'asker'"),
        ("asker", [[0, 1]], "shape"),
        ("item", [2], "'item'"),
        ("voter", [9], "'voter'"),
        ("says_wrong", [float("inf")], "not a number"),
        ("says_right", [], "1 in all"),
        ("control_player", [0], "control_poisoned"),
    ],
)
def test_a_column_that_cannot_be_one_is_named(column: str, values: list[Any], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        tabulate(**{**GOOD, column: values})


def test_good_columns_pass_whatever_their_type() -> None:
    log = tabulate(**{**GOOD, "asker": np.array([0.0, 1.0]), "claimed": np.array([True, False])})

    assert log.asker.tolist() == [0, 1]
    assert log.claimed.tolist() == [True, False]
    assert not log.audited.any()


def test_only_those_who_look_on_controls_can_fake_or_lose_sight_elsewhere() -> None:
    known = kinds()

    looks = known.s_t - known.f_t > LOOKS
    same = np.isclose(known.s_t, known.s_u) & np.isclose(known.f_t, known.f_u)
    assert looks[known.fake].all()
    assert same[~looks].all()
    assert (known.s_u >= known.f_u).all()
    # Three transfers and three ways of faking for each pair of rates that looks.
    assert looks.sum() == 6 * len({*zip(known.s_t[looks], known.f_t[looks], strict=True)})


def test_a_control_says_what_its_rates_say() -> None:
    known = kinds()

    logs = known.control_logs(accidental=0.1)

    hit = 0.9 * known.s_t + 0.1 * known.f_t
    alarm = 0.1 * known.s_t + 0.9 * known.f_t
    assert np.exp(logs) == pytest.approx(np.array([hit, 1 - hit, alarm, 1 - alarm]))
