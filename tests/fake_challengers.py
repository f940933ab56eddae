"""What models say that play in tests: `fake_endpoint` asks these by the name of the model."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.fake_judges import data_in

HARD = "How many eyes are there?"
"""What the challenger thinks is always answered wrong."""


def _challenger(body: dict[str, Any]) -> str:
    """Asks for dots, then for eyes; the answer is two, but for eyes it is three."""
    told = data_in(body)
    if "asked_before" in told:
        question = HARD if "dots" in told["asked_before"] else "How many dots are there?"
        return json.dumps({"question": question, "answer": "two"})
    if told["question"] == HARD:
        return json.dumps({"verdict": "wrong", "right_answer": "nineteen"})
    right = "two" in told["answer"].lower()
    return json.dumps({"verdict": "right" if right else "wrong", "right_answer": "two"})


SAY: dict[str, Callable[[dict[str, Any]], str]] = {
    "challenger": _challenger,
    "challenger-babbles": lambda _: "What a lovely picture! I would ask about the dog.",
    "challenger-ideas": lambda _: json.dumps({"questions": ["What is behind the red …?", "x" * 500, 7]}),
}
