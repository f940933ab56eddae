"""The data card of a release: README.md with the front matter that the Hugging Face tools read.

Every figure is computed from the rows; nothing is promised that the rows do not show.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from stumper.curate.answers import normal
from stumper.curate.forms import Form, form
from stumper.records import Category, Split
from stumper.release.formats import PARQUET_NAMES, Row
from stumper.release.portable import portable_ref
from stumper.release.queries import Frame, Source

_HUB_NAMES: Final = {Split.TRAIN: "train", Split.VAL: "validation", Split.TEST: "test"}
_LICENCES: Final = {
    "cc by 4.0": "cc-by-4.0",
    "cc by-sa 4.0": "cc-by-sa-4.0",
    "cc0 1.0": "cc0-1.0",
    "cc0": "cc0-1.0",
}
_SIZES: Final = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that the card tells about; ``rows[i]`` came from ``sources[i]``."""

    frame: Frame
    seed: int
    rows: tuple[tuple[Split, Row], ...]
    sources: tuple[Source, ...]


def card(facts: Facts) -> str:
    """Returns the text of README.md; the same facts give the same text."""
    parts = (
        _front_matter(facts),
        _opening(facts),
        _splits(facts),
        _categories(facts),
        _figures(facts),
        _making(facts),
        _limits(facts),
        _files(),
    )
    return "\n\n".join(parts) + "\n"


def _front_matter(facts: Facts) -> str:
    licence = _LICENCES.get(facts.frame.licence.casefold())
    size = next((name for most, name in _SIZES if len(facts.rows) < most), "n>1M")
    lines = [
        "---",
        f"pretty_name: {json.dumps(_title(facts))}",
        *([f"license: {licence}"] if licence else ["license: other"]),
        *([] if licence else [f"license_name: {json.dumps(facts.frame.licence)}"]),
        "task_categories:",
        "- visual-question-answering",
        "language:",
        "- en",
        "tags:",
        "- adversarial",
        "- human-feedback",
        "size_categories:",
        f"- {size}",
        "configs:",
        "- config_name: default",
        "  data_files:",
    ]
    for split in Split:
        lines += [f"  - split: {_HUB_NAMES[split]}", f"    path: {PARQUET_NAMES[split]}"]
    return "\n".join([*lines, "---"])


def _title(facts: Facts) -> str:
    return f"{facts.frame.campaign}, up to round {facts.frame.round}"


def _opening(facts: Facts) -> str:
    images = len({row.image_id for _, row in facts.rows})
    return (
        f"# {_title(facts)}\n\n"
        f"{len(facts.rows)} questions about {images} pictures that a vision-language model answered wrong, "
        "each with the answer that people gave and other people confirmed. Collected with Stumper, a game in "
        "which players stump a model."
    )


def _splits(facts: Facts) -> str:
    rows = []
    for split in Split:
        mine = [row for where, row in facts.rows if where is split]
        rows.append((_HUB_NAMES[split], len(mine), len({row.image_id for row in mine})))
    return (
        "## Splits\n\n"
        + _table(("split", "examples", "pictures"), rows)
        + f"\n\nNo picture is in two splits: the split is a hash of the picture (seed {facts.seed}), so a "
        "later release with more examples leaves every picture where it is."
    )


def _categories(facts: Facts) -> str:
    counts = Counter((row.category, split) for split, row in facts.rows)
    names = sorted({row.category for _, row in facts.rows}, key=lambda name: (-_total(counts, name), name))
    rows = [
        (
            name,
            *(counts[name, split] for split in Split),
            f"{_total(counts, name) / len(facts.rows):.0%}",
        )
        for name in names
    ]
    return "## Categories\n\n" + _table(("category", "train", "validation", "test", "share"), rows)


def _total(counts: Counter[tuple[Category, Split]], name: Category) -> int:
    return sum(counts[name, split] for split in Split)


def _figures(facts: Facts) -> str:
    rows = [row for _, row in facts.rows]
    repeated = len(rows) - len({row.question.strip().casefold() for row in rows})
    forms = Counter(form(row.question, row.answer, category=row.category) for row in rows)
    common = Counter(normal(row.answer) for row in rows).most_common(5)
    asked_once = {(row.image_id, row.question.strip().casefold()) for row in rows}
    return "## Figures\n\n" + _table(
        ("figure", "value"),
        [
            ("examples a picture", f"{len(rows) / len({row.image_id for row in rows}):.2f}"),
            ("questions whose wording occurs before", f"{repeated / len(rows):.0%}"),
            ("questions asked of one picture with different answers", len(rows) - len(asked_once)),
            ("words a question", f"{_mean(len(row.question.split()) for row in rows):.1f}"),
            ("words an answer", f"{_mean(len(row.answer.split()) for row in rows):.1f}"),
            ("forms of answers", ", ".join(f"{name} {forms[name]}" for name in Form if forms[name])),
            ("most common answers", ", ".join(f"{_plain(text)} {count}" for text, count in common)),
        ],
    )


def _making(facts: Facts) -> str:
    posteriors = [source.posterior for source in facts.sources]
    models = sorted({(source.round, portable_ref(source.model_ref)) for source in facts.sources})
    return "\n".join(
        [
            "## How it was made",
            "",
            "- Players asked about a picture, saw the model's answer, marked it correct or wrong, and gave "
            "the right answer. On some pictures, unknown to them, the game knew the truth; what they marked "
            "there says how far to believe them elsewhere.",
            "- Other trusted players judged the claims. One became an example when the probability that "
            "the model was wrong and the correction right passed the campaign's threshold (lowest here: "
            f"{min(posteriors):.3f}, mean {_mean(posteriors):.3f}).",
            "- Models that were stumped: "
            + "; ".join(f"round {n}, `{_plain(ref)}`" for n, ref in models)
            + ".",
            f"- Pictures: {_origins(facts)}.",
            "- Consent: every player agreed, before the first question, to publish their questions and "
            f"answers under {_plain(facts.frame.licence)}. Players appear under pseudonyms only; "
            "`provenance.jsonl` explains every example and names nobody.",
        ]
    )


def _origins(facts: Facts) -> str:
    found = Counter((re.split(r"[:,]", source.source)[0], source.licence) for source in facts.sources)
    return "; ".join(
        f"{_plain(origin)} ({_plain(licence)}), {count} examples"
        for (origin, licence), count in sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[:10]
    )


def _limits(facts: Facts) -> str:
    top, count = Counter(row.category for _, row in facts.rows).most_common(1)[0]
    return "\n".join(
        [
            "## Limits",
            "",
            "- The questions were chosen to defeat one model. They do not sample what people usually ask.",
            f"- The categories are not balanced: {count / len(facts.rows):.0%} of the examples are {top}.",
            "- The texts are what players typed: spelling and style vary, and a few answers will be wrong "
            "(each has its posterior in `provenance.jsonl`).",
            "- Treat all text as untrusted: escape it on pages, pass it to models as data.",
        ]
    )


def _files() -> str:
    return "\n".join(
        [
            "## Files",
            "",
            "- `data/*.parquet`: pictures inside; `datasets.load_dataset(FOLDER)` reads them.",
            "- `train.jsonl`, `val.jsonl`, `test.jsonl` with `images/`: TRL's prompt/completion form; "
            "`wrong_answer` is what the model said.",
            "- `provenance.jsonl`: where each example comes from.",
            "- `release.json`: the SHA-256 of every file and one digest over all; `stumper release verify "
            "FOLDER` checks them.",
        ]
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _plain(text: str) -> str:
    """Text from outside in one line, without what Markdown or HTML would read as a command."""
    for sign in "\\`*_[]<>|#\r\n":
        text = text.replace(sign, " ")
    return " ".join(text.split()) or "(empty)"


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found)
