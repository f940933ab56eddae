"""The chart of a run's losses says what the run did."""

from __future__ import annotations

import math
import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from stumper.evaluate.curve import curve_of, loss_curve
from stumper.tune.lora import DONE

_LINE = re.compile(r'<line class="(\w+)" x1="([\d.]+)%" x2="([\d.]+)%" y1="([\d.]+)" y2="([\d.]+)"/>')


def test_a_falling_loss_falls_from_left_to_right() -> None:
    chart = loss_curve([[5, 4.0, None], [10, 2.0, 3.0, 0.1], [20, 1.0, 2.5]], height_px=100)

    assert 'aria-label="training loss from 4.00 to 1.00; validation loss from 3.00 to 2.50"' in chart
    assert [(name, float(x), float(y)) for name, x, _, y, _ in _LINE.findall(chart)] == [
        ("ci", 25.0, 7.0),
        ("ci", 50.0, 64.3),
        ("guess", 50.0, 35.7),
    ]
    assert chart.count("<circle") == 2


@given(st.lists(st.tuples(st.floats(0.001, 50), st.none() | st.floats(0.001, 50)), min_size=1, max_size=30))
def test_every_loss_has_its_place_within_the_chart(losses: list[tuple[float, float | None]]) -> None:
    chart = loss_curve([(step, *both) for step, both in enumerate(losses, start=1)], height_px=60)

    drawn = _LINE.findall(chart)

    assert len([name for name, *_ in drawn if name == "ci"]) == len(losses) - 1
    assert all(0 <= float(y) <= 60 for _, _, _, *ys in drawn for y in ys)
    assert chart.count("<circle") == len([one for _, one in losses if one is not None])


def test_without_a_loss_nothing_is_drawn() -> None:
    assert not loss_curve([])
    assert not loss_curve([[1, None, None], [2, math.nan]])


def test_the_curve_is_read_where_the_tuning_left_it(tmp_path: Path) -> None:
    (tmp_path / DONE).write_text('{"curve": [[5, 4.0, null], [10, 2.0, 3.0]]}', encoding="utf-8")
    assert curve_of(f"hf:{tmp_path}") == [[5, 4.0, None], [10, 2.0, 3.0]]

    for broken in ("[]", "{}", "{"):
        (tmp_path / DONE).write_text(broken, encoding="utf-8")
        assert curve_of(f"hf:{tmp_path}") == []
    assert curve_of("openai:http://127.0.0.1:1#none") == curve_of("onnx:") == []
