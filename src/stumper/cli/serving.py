"""Commands that hand a model on, and that ask whether two say the same. No rule lives here."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from stumper.app import build
from stumper.cli.shared import JsonOption, err, out, run
from stumper.config import load
from stumper.errors import BadSetting
from stumper.serving import Exported, Form, Likeness, Origin

PicturesOption = Annotated[int, typer.Option(min=1, max=10_000, help="Pictures, one question each.")]
ReleaseOption = Annotated[
    Path | None, typer.Option(help="Ask the test split of this release, not Toytown drawn for it.")
]
MayDifferOption = Annotated[int, typer.Option("--may-differ", min=0, help="Answers that may differ.")]
SHOWN = 10
"""Differing answers that are printed."""


def export(
    model: Annotated[str, typer.Argument(help="Folder of a tuned model or an adapter; onnx:, hf:DIR.")],
    target: Annotated[Path, typer.Option("--out", help="A folder that is not there; its name is served.")],
    to: Annotated[
        list[Form] | None,
        typer.Option(help="hf (whole model), adapter (PEFT), onnx (embedded engine), vllm. May be repeated."),
    ] = None,
    licence: Annotated[str | None, typer.Option(help="The model's own, as the Hub names it.")] = None,
    release: Annotated[
        Path | None, typer.Option(help="What it was tuned on: for the card, and asked by --check.")
    ] = None,
    check: Annotated[
        int, typer.Option(min=0, max=10_000, help="Compare with MODEL on so many pictures; 0: do not.")
    ] = 0,
    may_differ: MayDifferOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Writes a tuned model for transformers, vLLM or the embedded engine; the folder appears whole or not.

    With --check what was written is asked the same questions as MODEL; status 1 if an answer differs.
    """
    from stumper.serving import export_model, open_source

    source = open_source(model)
    if missing := [name for name in ("torch", "transformers", "peft", "onnx") if find_spec(name) is None]:
        raise BadSetting(f"An export needs {missing[0]}: pip install 'stumper[train]'")
    origin = _origin(source.folder, release)
    with err.status("reading") as status:
        made = export_model(source, target, forms=to or (), origin=origin, licence=licence, say=status.update)
    if not as_json:
        _tell_how_to_play(made)
    found = [
        compared(f"hf:{source.folder}", ref, pictures=check, release=release) for ref in made.refs if check
    ]
    if as_json:
        line = {"out": str(made.folder), "to": made.forms, "refs": made.refs, "served": made.served}
        sys.stdout.write(json.dumps({**line, "checks": [one.to_json() for one in found]}) + "\n")
    else:
        for one in found:
            tell(one)
    end_unless_alike(found, may_differ=may_differ)


def _tell_how_to_play(made: Exported) -> None:
    lines = [f"Play it: {ref}" for ref in made.refs]
    if made.served:
        lines += [f"Serve it: sh {made.folder / 'serve.sh'}", f"Then play it: {made.served}"]
    for line in lines:
        out.print(line, highlight=False, markup=False, soft_wrap=True)


def _origin(folder: Path, release: Path | None) -> Origin:
    """How the model came to be: what its folder says and, where this machine has a database, that."""
    from stumper.serving import known_origin, origin_in

    config, told = load(), origin_in(folder, release=release)
    if config.database_url.startswith("sqlite") and not Path(config.database_url.split("///")[-1]).exists():
        return told
    places = {str(folder), str(folder.resolve())}
    refs = [f"{scheme}:{place}" for scheme in ("onnx", "hf") for place in sorted(places)]

    async def work() -> Origin:
        async with build(config) as app:
            return await known_origin(app, refs, otherwise=told)

    return run(work())


def compared(one: str, other: str, *, pictures: int, release: Path | None) -> Likeness:
    """Asks two models the same questions, with a line of progress."""
    from stumper.front.console import StageDisplay
    from stumper.serving import alike, drawn_items, picture_items
    from stumper.vlm.base import open_model

    items = picture_items(release, pictures=pictures) if release else drawn_items(pictures=pictures)
    secrets = load().model_secrets

    async def work() -> Likeness:
        first = await open_model(one, secrets=secrets)
        try:
            second = await open_model(other, secrets=secrets)
            try:
                with StageDisplay({"check": 30.0}, console=err) as display:
                    return await alike(first, second, items, on_progress=partial(display.tell, "check"))
            finally:
                await second.close()
        finally:
            await first.close()

    return run(work())


def tell(likeness: Likeness) -> None:
    """Says how many answers are equal, and shows those that are not."""
    told = f"{likeness.equal:,} of {likeness.asked:,} answers are equal: {likeness.one} and {likeness.other}"
    out.print(told, highlight=False, markup=False, soft_wrap=True)
    if not likeness.differences:
        return
    table = Table("question", "one", "other", "the same by rules", box=None)
    for each in likeness.differences[:SHOWN]:
        said = (escape("(no answer)" if text is None else text) for text in (each.one, each.other))
        table.add_row(escape(each.question), *said, "yes" if each.same_by_rules else "no")
    out.print(table)
    if len(likeness.differences) > SHOWN:
        out.print(f"... and {len(likeness.differences) - SHOWN:,} more")


def end_unless_alike(found: Sequence[Likeness], *, may_differ: int) -> None:
    """Raises Exit with status 1 if more answers differ than may."""
    if any(len(one.differences) > may_differ for one in found):
        raise typer.Exit(1)
