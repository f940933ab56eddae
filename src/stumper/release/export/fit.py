"""Which rows a trainer can use, and how many were left out for which reason. None is left out in silence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from stumper.curate.answers import normal
from stumper.release.formats import Row

Fault = Callable[[Row], str | None]


@dataclass(slots=True)
class Tally:
    """What became of the rows, by part of the export (a split, or a file)."""

    written: Counter[str] = field(default_factory=Counter)
    left_out: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(part, reason) -> rows."""

    def fit(self, rows: Iterable[Row], *faults: Fault, part: str) -> Iterator[Row]:
        """Yields the rows that none of ``faults`` objects to; the others are counted by the first reason."""
        self.written[part] += 0
        for row in rows:
            reason = next((found for fault in faults if (found := fault(row))), None)
            if reason is None:
                self.written[part] += 1
                yield row
            else:
                self.left_out[part, reason] += 1

    def lines(self) -> list[str]:
        """Returns one sentence a part, for people."""
        return [f"{part}: {count} examples{self._without(part)}" for part, count in self.written.items()]

    def _without(self, part: str) -> str:
        reasons = [
            (count, reason) for (where, reason), count in sorted(self.left_out.items()) if where == part
        ]
        return "".join(f"; left out {count}: {reason}" for count, reason in reasons)


def unusable(row: Row) -> str | None:
    """Returns why no trainer could learn from the row, or None."""
    for name, text in (
        ("question", row.question),
        ("answer", row.answer),
        ("wrong answer", row.wrong_answer),
    ):
        if not text.strip() and name != "wrong answer":
            return f"the {name} is empty"
        if any("\ud800" <= sign <= "\udfff" for sign in text):
            return f"the {name} holds half a character, which cannot be written"
    return None


def unpaired(row: Row) -> str | None:
    """Returns why the row makes no preference pair, or None.

    A pair needs two answers that differ in what they say: 'Two.' against '2' would teach a spelling.
    """
    if not row.wrong_answer.strip():
        return "no wrong answer was kept"
    if normal(row.answer) == normal(row.wrong_answer):
        return "the wrong answer says the same as the right one"
    return None
