"""Lines of a file as cases for a panel: in which there is something to judge, and where pictures lie."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from stumper.curate.forms import refusal, unusable
from stumper.curate.lines import Record, text
from stumper.curate.panel.ask import Opinion
from stumper.curate.panel.panel import Panel, Verdict
from stumper.curate.panel.rubric import Case
from stumper.errors import BadImage

MOST_BYTES: Final = 50_000_000
"""Of a picture's file."""


class Pictures:
    """A folder of pictures that lines name; nothing outside of it is ever read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def read(self, name: str) -> bytes:
        """Returns the bytes of a picture below the folder. Raises BadImage if there is none to be had."""
        try:
            path = (self._folder / name).resolve()
            if not path.is_relative_to(self._folder):
                raise BadImage(f"The picture {name!r} lies outside of {self._folder}.")
            if path.stat().st_size > MOST_BYTES:
                raise BadImage(f"The picture {name!r} has more than {MOST_BYTES:,} bytes. Scale it down.")
            return path.read_bytes()
        except OSError as fault:
            raise BadImage(f"The picture {name!r} cannot be read: {fault.strerror}.") from fault
        except ValueError as fault:  # a zero byte in the name
            raise BadImage(f"The picture {name!r} cannot be read: {fault}.") from fault


async def judged(records: Sequence[Record], panel: Panel, *, pictures: Pictures | None) -> list[Verdict]:
    """Returns the panel's verdict on each line, in order.

    A line that names no "image" is judged by its texts alone; one whose picture cannot be had is missing: its
    score would mean something else than the others'. Raises ModelRefused.
    """
    silent = [_silent(record) for record in records]
    asked = [
        partial(_case, record, pictures) for record, fault in zip(records, silent, strict=True) if not fault
    ]
    found = iter(await panel.verdicts(asked))
    return [Verdict(score=None, why=f"missing: {fault}") if fault else next(found) for fault in silent]


def _silent(record: Record) -> str:
    """Says why there is nothing to judge, or nothing; the same as the judge by rules finds."""
    reference, answer = _texts(record)
    if reference is None or unusable(reference):
        return "the reference says nothing"
    if answer is None or unusable(answer):
        return "the answer says nothing"
    return "the reference declines to answer" if refusal(reference) else ""


def _texts(record: Record) -> tuple[str | None, str | None]:
    return text(record, "correct_answer", "correctAnswer"), text(record, "model_answer", "modelAnswer")


def _case(record: Record, pictures: Pictures | None) -> Case:
    reference, answer = _texts(record)
    name = text(record, "image") if pictures else None
    return Case(
        question=text(record, "question") or "",
        reference=reference or "",
        answer=answer or "",
        picture=pictures.read(name) if pictures and name else None,
    )


def told(verdict: Verdict) -> Record:
    """Returns what is added to a line: plain values, rounded to four digits."""
    return {
        "score": _rounded(verdict.score),
        "why": verdict.why,
        "dimensions": {name: round(value, 4) for name, value in verdict.dimensions.items()},
        "judges": [_opinion(one) for one in verdict.opinions],
        "wavering": _rounded(verdict.wavering),
    }


def _opinion(one: Opinion) -> dict[str, Any]:
    if one.score is None:
        return {"judge": one.judge, "score": None, "why": one.why}
    marks = one.dimensions.known() if one.dimensions else {}
    return {
        "judge": one.judge,
        "score": _rounded(one.score),
        "dimensions": {name: round(value, 4) for name, value in marks.items()},
        "wavering": _rounded(one.wavering),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
