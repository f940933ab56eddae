"""VLMEvalKit: a TSV of its custom VQA data sets, with each picture as base64 once.

Its loader is `pandas.read_csv(FILE, sep="\\t")`: a text such as "None" or "n/a" would come back as a missing
value, so it gets a full stop; line ends and tabs inside a text become spaces. A cell of at most 64 signs
under `image` is the index of the row that holds the picture. Its custom VQA class has no evaluate(): use it
for inference, and `stumper judge` for scores.
https://github.com/open-compass/VLMEvalKit/blob/main/docs/en/Development.md
"""

from __future__ import annotations

import base64
import csv
from typing import Final

from stumper.release.export.fit import unusable
from stumper.release.export.source import HUB_NAMES
from stumper.release.export.writing import Task
from stumper.vlm.question import defused

HEAD: Final = ("index", "id", "image", "question", "answer", "category")
_MISSING: Final = frozenset(
    "#n/a|#n/a n/a|#na|-1.#ind|-1.#qnan|-nan|1.#ind|1.#qnan|<na>|n/a|na|nan|none|null".split("|")
)
"""What pandas reads as no value, in any case."""


def write(task: Task) -> None:
    """Writes `stumper_SPLIT_openended.tsv`: VLMEvalKit takes a TSV for open questions by that word."""
    for split in task.splits:
        name = HUB_NAMES[split]
        first: dict[str, int] = {}
        """Picture -> index of the row that holds it: some 100 bytes a picture."""
        path = task.folder / f"stumper_{name}_openended.tsv"
        with path.open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file, delimiter="\t", lineterminator="\n")
            table.writerow(HEAD)
            rows = task.tally.fit(task.source.rows(split), unusable, part=name)
            for index, row in enumerate(rows):
                seen = first.setdefault(row.image, index)
                if seen == index:
                    picture = base64.b64encode(task.source.picture(row).read_bytes()).decode("ascii")
                else:
                    picture = str(seen)
                texts = cell(defused(row.question)), cell(defused(row.answer))
                table.writerow((index, row.id, picture, *texts, row.category))


def cell(text: str) -> str:
    """Returns the text as one line that pandas reads as a text."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return f"{line}." if line.casefold() in _MISSING else line
