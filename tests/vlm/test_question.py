"""Questions that carry control tokens are made harmless, all others stay as they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stumper.vlm.question import defused

TOKENS = [
    "<image>",
    "</s>",
    "<|im_end|>",
    "<|vision_start|>",
    "<fake_token_around_image>",
    "<row_1_col_2>",
    "[INST]",
    "[/INST]",
    "[IMG_BREAK]",
    "[OWN]",
]


@given(st.lists(st.sampled_from([*TOKENS, "<", ">", "|", "image", " ", "s"]), max_size=12))
def test_no_control_token_survives(parts: list[str]) -> None:
    said = defused("".join(parts), tokens=["[OWN]"])
    assert [token for token in TOKENS if token in said] == []
    assert said.replace(" ", "") == "".join(parts).replace(" ", "")


@pytest.mark.parametrize(
    "question",
    [
        "How many cats?",
        "Is 2 < 3?",
        "a<b and c > d",
        "x <- y",
        "<>",
        "",
        "10% [sic]",
        "What does [EXIT] say?",
    ],
)
def test_ordinary_questions_stay_as_they_are(question: str) -> None:
    assert defused(question) == question
