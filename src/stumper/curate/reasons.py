"""Why the judge by rules gave its score, in one line that a person can check. Scores nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from stumper.curate.answers import normal
from stumper.curate.forms import (
    Form,
    clock,
    colours,
    count,
    form,
    polarity,
    refusal,
    sides,
    uncounted,
    unusable,
    written,
)
from stumper.curate.gist import gist
from stumper.curate.judges import score
from stumper.records import Category

_LONGEST: Final = 60
"""Characters quoted of one side."""


class Judged(NamedTuple):
    score: float | None
    """0..1, or None (missing): there is nothing to judge."""
    why: str


def judge(
    question: str, reference: str | None, answer: str | None, *, category: Category | None = None
) -> Judged:
    """Returns the score of `judges.score` and why it is what it is."""
    value = score(question, reference, answer, category=category)
    if reference is None or unusable(reference):
        return Judged(value, "missing: the reference says nothing")
    if answer is None or unusable(answer):
        return Judged(value, "missing: the answer says nothing")
    if refusal(reference):
        return Judged(value, "missing: the reference declines to answer" if value is None else "both decline")
    if value is None:
        vague = uncounted(question, reference)
        return Judged(value, "missing: the reference gives no number" if vague else "missing")
    if normal(reference) == normal(answer):
        return Judged(value, f"both say {_short(normal(reference))}")
    if refusal(answer):
        return Judged(value, "the answer declines where the reference does not")
    asked = form(question, reference, category=category)
    right, said = (_read(asked, question, text) for text in (reference, answer))
    return Judged(value, f"{asked.value}: {right} wanted, {said} said")


def _read(asked: Form, question: str, text: str) -> str:
    """Returns what the judge reads in one side."""
    return _short(_READERS[asked](question, text))


def _yes_no(question: str, text: str) -> str:
    return {True: "yes", False: "no", None: "neither"}[polarity(text, question)]


def _time(_question: str, text: str) -> str:
    found = clock(text)
    return f"{found.hour}:{found.minute:02}" if found else "no time"


def _count(_question: str, text: str) -> str:
    found = count(text)
    return "no number" if found is None else str(found)


def _names(found: Iterable[str]) -> str:
    return ", ".join(sorted(found)) or "none"


_READERS: Final[dict[Form, Callable[[str, str], str]]] = {
    Form.YES_NO: _yes_no,
    Form.COUNT: _count,
    Form.COLOUR: lambda _question, text: _names(colours(text)),
    Form.TIME: _time,
    Form.SIDE: lambda _question, text: _names(sides(text)),
    Form.TEXT: lambda _question, text: " ".join(written(text)) or "nothing",
    Form.OPEN: lambda question, text: _names(gist(text, question)),
}


def _short(text: str) -> str:
    return f"'{text if len(text) <= _LONGEST else text[: _LONGEST - 1] + '…'}'"
