"""The data card of a release: README.md with the front matter that the Hugging Face tools read.

Every figure is computed from the rows; nothing is promised that the rows do not show.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from stumper.records import Category, PlayerKind
from stumper.release.balance import CATEGORIES, FEW, HEAVIEST, LIGHTEST
from stumper.release.facts import Facts
from stumper.release.formats import HUB_NAMES
from stumper.release.plan import WHY

_LICENCES: Final = {
    "cc by 4.0": "cc-by-4.0",
    "cc by-sa 4.0": "cc-by-sa-4.0",
    "cc0 1.0": "cc0-1.0",
    "cc0": "cc0-1.0",
}
_SIZES: Final = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_KINDS: Final = {
    PlayerKind.HUMAN: "people",
    PlayerKind.SIMULATED: "simulated players",
    PlayerKind.MODEL: "models that play",
}
_SHOWN: Final = 10


def card(facts: Facts) -> str:
    """Returns the text of README.md; the same facts give the same text."""
    parts = (
        _front_matter(facts),
        _opening(facts),
        _purpose(),
        _players(facts),
        _licences(facts),
        _splits(facts),
        _left_out(facts),
        _categories(facts),
        _figures(facts),
        _making(facts),
        _limits(facts),
        _files(),
        _citation(facts),
    )
    return "\n\n".join(parts) + "\n"


def _front_matter(facts: Facts) -> str:
    licence = _LICENCES.get(facts.frame.licence.casefold())
    size = next((name for most, name in _SIZES if facts.counts.examples < most), "n>1M")
    languages = sorted({tag.split("-")[0] for tag in facts.seen.languages if tag.split("-")[0].isalpha()})
    lines = [
        "---",
        f"pretty_name: {json.dumps(_title(facts))}",
        *([f"license: {licence}"] if licence else ["license: other"]),
        *([] if licence else [f"license_name: {json.dumps(facts.frame.licence)}"]),
        "task_categories:",
        "- visual-question-answering",
        *(["language:", *(f"- {tag}" for tag in languages)] if languages else []),
        "tags:",
        "- adversarial",
        "- human-feedback",
        "size_categories:",
        f"- {size}",
        "configs:",
        "- config_name: default",
        "  data_files:",
    ]
    for name in HUB_NAMES.values():
        lines += [f"  - split: {name}", f"    path: data/{name}-*.parquet"]
    return "\n".join([*lines, "---"])


def _title(facts: Facts) -> str:
    return f"{facts.frame.campaign}, up to round {facts.frame.round}"


def _opening(facts: Facts) -> str:
    return (
        f"# {_title(facts)}\n\n"
        f"{facts.counts.examples} questions about {facts.counts.pictures} pictures that a vision-language "
        "model answered wrong, each with the answer that players gave and others confirmed. Collected with "
        "Stumper, a game in which players stump a model."
    )


def _purpose() -> str:
    return (
        "## Purpose\n\n"
        "To tune a vision-language model on what it gets wrong (`train`, `validation`), and to measure what "
        "it learned on pictures it was not tuned on (`test`). It is not made to rank models that were not "
        "played against, to say how often a model fails, or to learn about the people who played."
    )


def _players(facts: Facts) -> str:
    kinds = [f"{count} {_KINDS[kind]}" for kind, count in sorted(facts.counts.players.items())]
    consents = [f"{_plain(name)} ({count} examples)" for name, count in _most(facts.seen.consents)]
    return "\n".join(
        [
            "## Players",
            "",
            f"- {facts.counts.players.total()} made the examples: {', '.join(kinds)}.",
            *_askers(facts),
            f"- Languages, as examples: {_listed(facts.seen.languages)}.",
            "- Consent: every player agreed, before the first question, to publish their questions and "
            f"answers. Under which licence: {', '.join(consents)}. Players appear under pseudonyms only; "
            "`provenance.jsonl` explains every example and names nobody.",
        ]
    )


def _askers(facts: Facts) -> list[str]:
    """What is to know about models that play, and about suggestions."""
    lines = []
    if facts.seen.models_that_play:
        told = [
            f"{_plain(ref)} ({_plain(method)}) {count} examples"
            for (ref, method), count in _most(facts.seen.models_that_play)
        ]
        lines.append(
            f"- **Asked by models**, confirmed by people: {', '.join(told)}. `asked_by` in "
            "`provenance.jsonl` marks them; whether a model's words may train others is for its terms to say."
        )
    elif not facts.frame.models:
        lines.append("- What models that play found is left out, as the campaign's rules say.")
    if facts.seen.suggested:
        lines.append(
            f"- {facts.seen.suggested} of the questions were made of a suggestion (`suggested` in "
            "`provenance.jsonl`)."
        )
    return lines


def _licences(facts: Facts) -> str:
    origins = "; ".join(
        f"{_plain(origin)} ({_plain(licence)}), {count} examples"
        for (origin, licence), count in _most(facts.seen.origins)
    )
    return "\n".join(
        [
            "## Licences",
            "",
            f"- Questions, answers and everything that was made of them: {_plain(facts.frame.licence)}.",
            f"- Pictures, each under its own licence (`image_licence`): {origins}.",
        ]
    )


def _splits(facts: Facts) -> str:
    sizes = [(HUB_NAMES[split], *size) for split, size in facts.counts.splits.items()]
    if facts.why_not_apart:
        players = (
            "**Players are not kept apart**: players of the test are in train or validation too, because "
            f"{facts.why_not_apart}."
        )
    else:
        players = "No player of the test has an example in train or validation."
    return (
        "## Splits\n\n"
        + _table(("split", "examples", "pictures", "players"), sizes)
        + "\n\nNo picture is in two splits, and neither are two pictures that look alike (near perceptual "
        f"hashes). {players} Pictures and players are held out by a hash of their id (seed {facts.seed}) "
        "before they play; where that leaves out more than a tenth of the examples, a search chooses who is "
        "held out. A later release leaves every picture where it is."
    )


def _left_out(facts: Facts) -> str:
    lines = [
        f"- {count} (`{reason}`): {WHY[reason]}." for reason, count in facts.counts.left_out.items() if count
    ]
    if not lines:
        return "## Left out\n\nNothing: every accepted example is in it."
    return "\n".join(
        [
            "## Left out",
            "",
            *lines,
            "",
            "`left-out.jsonl` names them. They are not lost: the next release looks at each again, and "
            "takes in what fits by then. Of a question or category that is too large, those stay that are "
            "most certain and lie most apart (other pictures, other answers).",
        ]
    )


def _categories(facts: Facts) -> str:
    counts = facts.counts
    rows = []
    for name, by_split in counts.categories.items():
        prior = counts.priors[name]
        rows.append(
            (
                _name(name),
                *by_split,
                f"{sum(by_split) / counts.examples:.0%}",
                f"{facts.weights.get(name, 1.0):.2f}",
                f"{_plain(facts.seen.texts.get(prior.answer, ''))} {prior.share:.0%}",
            )
        )
    head = ("category", "train", "validation", "test", "share", "weight", "most common answer")
    return (
        "## Categories\n\n"
        + _table(head, rows)
        + f"\n\nNormalised entropy of the categories: {counts.entropy:.2f} (1 is all eleven alike; of all "
        f"accepted examples: {counts.entropy_before:.2f}). Every row has a `weight`: the share that its "
        f"category should have ({'as the campaign wants it' if facts.frame.target_mix else 'all alike'}) "
        f"over the share it has, within {LIGHTEST:g} to {HEAVIEST:g}, mean 1 over train. Use it for "
        "sampling or in the loss, or leave it."
    )


def _name(category: Category) -> str:
    return "colour" if category is Category.COLOR else str(category)


def _figures(facts: Facts) -> str:
    counts, seen = facts.counts, facts.seen
    top, times = counts.top_question
    common = [f"{_plain(seen.texts.get(number, ''))} {count}" for number, count in counts.common]
    return "## Figures\n\n" + _table(
        ("figure", "value"),
        [
            ("examples a picture", f"{counts.examples / counts.pictures:.2f}"),
            ("questions whose wording occurs before", f"{counts.repeated / counts.examples:.0%}"),
            (
                "most frequent question",
                f"{_plain(seen.texts.get(top, ''))}: {times} ({times / counts.examples:.2%})",
            ),
            ("questions asked of one picture with different answers", counts.otherwise),
            ("words a question", f"{seen.question_words / counts.examples:.1f}"),
            ("words an answer", f"{seen.answer_words / counts.examples:.1f}"),
            ("most common answers", ", ".join(common)),
        ],
    )


def _making(facts: Facts) -> str:
    models = sorted(facts.seen.models)
    return "\n".join(
        [
            "## How it was made",
            "",
            "- Players asked about a picture, saw the model's answer, marked it correct or wrong, and gave "
            "the right answer. On some pictures, unknown to them, the game knew the truth; what they marked "
            "there says how far to believe them elsewhere.",
            "- Other trusted players judged the claims. One became an example when the probability that "
            "the model was wrong and the correction right passed the campaign's threshold (lowest here: "
            f"{facts.counts.least_posterior:.3f}, mean {facts.counts.mean_posterior:.3f}).",
            "- Models that were stumped: "
            + "; ".join(f"round {n}, `{_plain(ref)}`" for n, ref in models)
            + ".",
        ]
    )


def _limits(facts: Facts) -> str:
    top, by_split = next(iter(facts.counts.categories.items()))
    absent = [
        _name(one) for one in CATEGORIES if one not in facts.counts.categories and one is not Category.INVALID
    ]
    missing = f"; nothing is asked about {', '.join(absent)}" if absent else ""
    return "\n".join(
        [
            "## Limits",
            "",
            "- The questions were chosen to defeat one model. They do not sample what people usually ask.",
            f"- {sum(by_split) / facts.counts.examples:.0%} of the examples are {_name(top)}{missing}; "
            "the weights make up for it only in part.",
            f"- No question makes more than 0.5 % of the release, or {FEW} rows if that is more.",
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
            "- `left-out.jsonl`: accepted examples that are not in it, and why.",
            "- `SHA256SUMS`: the SHA-256 of every file; `sha256sum -c SHA256SUMS` checks them.",
            "- `release.json`: the same and one digest over all; `stumper release verify FOLDER` checks it.",
        ]
    )


def _citation(facts: Facts) -> str:
    return (
        "## Citation\n\n"
        f"Name the campaign ({_plain(facts.frame.campaign)}), the round ({facts.frame.round}) and the `id` "
        "in `release.json`, which is a digest over the content: whoever has the same id has the same bytes. "
        "Pictures are cited as their sources ask."
    )


def _most(counts: dict[Any, int]) -> list[tuple[Any, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:_SHOWN]


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{_plain(name)} {count}" for name, count in _most(counts))


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _plain(text: str) -> str:
    """Text from outside in one line, without what Markdown or HTML would read as a command."""
    for sign in "\\`*_[]<>|#\r\n":
        text = text.replace(sign, " ")
    return " ".join(text.split()) or "(empty)"
