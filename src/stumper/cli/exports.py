"""Commands that hand a release on: to trainers, to search engines, to the Hub. No rule lives here."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from stumper.cli.forget import WithdrawnOption, refuse_withdrawn
from stumper.cli.shared import JsonOption, err, out
from stumper.config import load
from stumper.errors import BadInput, BadSetting
from stumper.records import Split
from stumper.release.export import FORMATS, Images

ReleaseArgument = Annotated[Path, typer.Argument(metavar="RELEASE", help="Folder of a release.")]


def add_to(releases: typer.Typer) -> None:
    """Registers the commands below ``stumper release``."""
    for name, command in (("export", export), ("formats", formats), ("croissant", croissant), ("push", push)):
        releases.command(name)(command)


def export(
    release: ReleaseArgument,
    name: Annotated[
        str,
        typer.Option("--format", help=f"One of: {', '.join(FORMATS)}. `stumper release formats` explains."),
    ],
    target: Annotated[Path, typer.Option("--out", help="A folder that is not there yet.")],
    split: Annotated[
        list[Split] | None, typer.Option(help="May be repeated. Unset: all, or test for a benchmark.")
    ] = None,
    images: Annotated[
        Images | None,
        typer.Option(help="copy, link (hard links, one disk) or absolute (the release's own paths)."),
    ] = None,
    withdrawn: WithdrawnOption = False,
    as_json: JsonOption = False,
) -> None:
    """Writes a release for a trainer or a benchmark; the folder appears whole or not at all."""
    from stumper.release.export import export as write

    refuse_withdrawn(release, allowed=withdrawn)
    with err.status("reading"):
        tally = write(release, target, name=name, splits=split or (), images=images)
    if as_json:
        left_out = [
            {"part": part, "reason": reason, "examples": count}
            for (part, reason), count in sorted(tally.left_out.items())
        ]
        line = {"format": name, "out": str(target), "written": tally.written, "left_out": left_out}
        sys.stdout.write(json.dumps(line) + "\n")
        return
    for sentence in tally.lines():
        out.print(sentence, highlight=False, soft_wrap=True)
    start = FORMATS[name].start.replace("FOLDER", str(target))
    out.print(f"{escape(str(target))} is for {FORMATS[name].reader}.", highlight=False, soft_wrap=True)
    out.print(f"Next: {escape(start)}", highlight=False, soft_wrap=True)


def formats() -> None:
    """Lists the formats of `release export`, who reads them and how to start there."""
    for one in FORMATS.values():
        out.print(f"[bold]{one.name}[/]: {escape(one.reader)}", highlight=False, soft_wrap=True)
        out.print(f"    {escape(one.start)}", highlight=False, soft_wrap=True)


def croissant(
    release: ReleaseArgument,
    target: Annotated[
        Path | None, typer.Option("--out", help="Write it to this file, not to standard output.")
    ] = None,
) -> None:
    """Prints the Croissant JSON-LD of a release: what it holds and how it came to be."""
    from stumper.release.export import croissant as described
    from stumper.release.export import open_release

    text = json.dumps(described(open_release(release)), ensure_ascii=False, indent=2) + "\n"
    if target is None:
        sys.stdout.write(text)
        return
    if target.resolve().is_relative_to(release.resolve()):
        raise BadInput(f"{target} lies in the release, which never changes. Name a file beside it.")
    try:
        target.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise BadSetting(f"{target} cannot be written: {error.strerror}. Name another file.") from error
    out.print(f"Croissant: {target}", highlight=False, soft_wrap=True)


def push(
    release: ReleaseArgument,
    to: Annotated[str, typer.Option("--to", metavar="USER/NAME", help="Data set repository of the Hub.")],
    private: Annotated[
        bool, typer.Option("--private", help="Make it private, if it is made by this push.")
    ] = False,
    withdrawn: WithdrawnOption = False,
    as_json: JsonOption = False,
) -> None:
    """Pushes parquet, card and Croissant to the Hugging Face Hub: one commit, with a tag of the release."""
    from stumper.release.export import push as upload

    refuse_withdrawn(release, allowed=withdrawn)
    settings = load()
    token = settings.hub_token.get_secret_value() if settings.hub_token else ""
    with err.status("uploading"):
        made = upload(release, to=to, token=token, private=private, endpoint=settings.hub)
    if as_json:
        sys.stdout.write(json.dumps({"url": made.url, "tag": made.tag}) + "\n")
    else:
        out.print(f"{made.url} (tag {made.tag})", highlight=False, soft_wrap=True)
