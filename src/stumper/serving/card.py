"""The model card of an export: README.md, with the front matter that the Hugging Face tools read.

It says what is known of the tuning and what is not; nothing is promised that no figure shows.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stumper import __version__
from stumper.serving.origin import Origin

_UNKNOWN = "not known"


def card(
    name: str,
    origin: Origin,
    *,
    base: str | None,
    licence: str | None,
    whole: bool,
    uses: Sequence[tuple[str, str]],
) -> str:
    """Returns the text of README.md; the same values give the same text.

    ``base`` is that of an adapter; else the origin's. ``licence`` is the model's own (a name of the Hub),
    ``uses`` are commands and references with what they are for. ``whole``: a model, not only an adapter.
    """
    lies_on = _named(base or origin.base)
    parts = [
        _front_matter(name, lies_on, licence=licence, whole=whole),
        f"# {name}\n\n{_opening(origin, lies_on)}",
        _made(origin, lies_on),
        *_figures(origin.scores),
        "## Use\n\n" + "\n\n".join(f"{_plain(what)}:\n\n    {command}" for what, command in uses),
        _licences(origin, licence),
        _limits(origin),
    ]
    return "\n\n".join(parts) + "\n"


def _front_matter(name: str, base: str, *, licence: str | None, whole: bool) -> str:
    lines = ["---", f"model_name: {json.dumps(name)}"]
    lines += [f"license: {licence}"] if licence else []
    # the Hub links to bases by their names; a folder on somebody's disk is none
    lines += [f"base_model: {base}"] if "/" in base else []
    lines += [f"library_name: {'transformers' if whole else 'peft'}", "pipeline_tag: image-text-to-text"]
    return "\n".join([*lines, "tags:", "- stumper", "- visual-question-answering", "---"])


def _named(base: str) -> str:
    """A base as strangers may know it: the shipped model, a name on the hub, or a folder's last name.

    Where the folder lies is nobody's business, and helps nobody.
    """
    rest = base.partition(":")[2] if base.startswith(("onnx:", "hf:")) else base
    if base == "onnx:":
        return "toytown-tiny, which Stumper ships"
    on_disk = rest.startswith((".", "/", "~")) or rest.count("/") != 1
    return Path(rest).name if on_disk else rest


def _opening(origin: Origin, base: str) -> str:
    tuned = bool(origin.recipe or origin.release)
    what = f"tuned by Stumper on answers that its players corrected; the base is {base or _UNKNOWN}"
    return f"A vision-language model {what if tuned else 'exported by Stumper; no tuning of it is known'}."


def _made(origin: Origin, base: str) -> str:
    recipe, run = origin.recipe, origin.run
    of = f" ({origin.campaign}, round {origin.round})" if origin.campaign else ""
    rows = [
        ("base", base),
        ("data release", f"{origin.release}{of}" if origin.release else ""),
        ("recipe", _recipe(recipe)),
        ("seed", "" if origin.seed is None else str(origin.seed)),
        ("pairs", _pairs(run)),
        ("steps, mean loss", f"{run['steps']:,}, {run['loss']:.4f}" if {"steps", "loss"} <= set(run) else ""),
        ("tuned in", f"{run['seconds']:,.0f} s on {run.get('machine', 'a machine that is not known')}"
         if "seconds" in run else ""),
        ("tuned and exported by", f"Stumper {run.get('stumper', _UNKNOWN)} and {__version__}"),
    ]  # fmt: skip
    lines = [f"| {what} | {_plain(value) or _UNKNOWN} |" for what, value in rows]
    return "\n".join(["## How it was made", "", "| | |", "|---|---|", *lines])


def _recipe(recipe: Mapping[str, Any]) -> str:
    if not recipe:
        return ""
    told = ("rank", "alpha", "rate", "epochs", "batch", "accumulate", "replay_share", "keep")
    known = ", ".join(f"{name.replace('_', ' ')} {recipe[name]:g}" for name in told if name in recipe)
    return f"{recipe.get('name', _UNKNOWN)}: LoRA, {known}" if known else str(recipe.get("name", _UNKNOWN))


def _pairs(run: Mapping[str, Any]) -> str:
    if "pairs" not in run:
        return ""
    return f"{run['pairs']:,} of players, {run.get('replayed', 0):,} of known data beside them"


def _figures(scores: Mapping[str, Any]) -> list[str]:
    """One row a set of questions; none where nothing was evaluated."""
    names = {
        "score": "what stumped the base, on pictures it was not tuned on",
        "known": "what the base knew before",
        "withheld": "what it was never taught",
    }
    rows = [
        f"| {what} | {_number(scores[name].get('base'))} | {_number(scores[name].get('tuned'))} | "
        f"{_number(scores[name].get('guess'))} |"
        for name, what in names.items()
        if name in scores
    ]
    if not rows:
        return []
    head = ["## Figures", "", "Mean score by rules, 0 to 1, before and after tuning, beside guessing.", ""]
    table = ["| questions | before | after | guessing |", "|---|---|---|---|", *rows]
    score = scores.get("score", {})
    ci = score.get("gain_ci")
    gain = (
        f"\n\nGain on the first row: {score['gain']:+.3f} (95 % interval {ci[0]:+.3f} to {ci[1]:+.3f})."
        if ci and all(_is_number(value) for value in (score.get("gain"), *ci))
        else ""
    )
    return ["\n".join([*head, *table]) + gain]


def _licences(origin: Origin, licence: str | None) -> str:
    own = _plain(licence or "") or "that of its base; look it up before you publish"
    data = _plain(origin.licence) or _UNKNOWN
    return (
        "## Licences\n\n"
        f"- This model: {own}.\n"
        f"- The questions and answers that it was tuned on: {data}. Pictures are not in the model; each has "
        "its own licence in the release."
    )


def _limits(origin: Origin) -> str:
    told = (
        "The figures above are about questions that players asked to stump the base; they are no general "
        "measure of the model. "
        if origin.scores
        else "It was not evaluated, or its figures are not known here. "
    )
    return f"## Limits\n\n{told}Tuning may have cost what nobody asked about: try it on questions of yours."


def _number(value: Any) -> str:
    return f"{value:.3f}" if _is_number(value) else "–"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _plain(text: str) -> str:
    """Text of other people inside a table: no cell of its own, no link, no HTML."""
    for sign in "|<>[]`\n\r":
        text = text.replace(sign, " ")
    return text.strip()
