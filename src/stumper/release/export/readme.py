"""The export's README: what it is, how to start, and below it the card of the release it was made from."""

from __future__ import annotations

import re

from stumper.release.export.formats import Format
from stumper.release.export.source import HUB_NAMES
from stumper.release.export.writing import Task


def readme(task: Task, chosen: Format) -> str:
    """Returns the text; the same release and options give the same text."""
    front, body = _card(task)
    if chosen.hub_files:
        front = [*front, "configs:", "- config_name: default", "  data_files:"]
        for split in task.splits:
            name = HUB_NAMES[split]
            front += [f"  - split: {name}", f"    path: {chosen.hub_files.format(split=name)}"]
    manifest = task.source.manifest
    opening = [
        f"# {manifest.campaign}, round {manifest.round}, as {chosen.name}",
        f"Written by `stumper release export --format {chosen.name}` from release `{manifest.id}` "
        f"(SHA-256 `{manifest.digest}`) for {chosen.reader}.",
        f"    {chosen.start}",
        "\n".join(f"- {line}" for line in task.tally.lines()),
        "Texts are what players typed. Words like an image token stand with a space, so that no trainer "
        "takes them for its own. `weight` says how much an example counts in a balanced mix.",
        "The card of the release follows; its files are not all here.",
    ]
    head = ["---", *front, "---", ""] if front else []
    return "\n".join(head) + "\n\n".join([*opening, body]) + "\n"


def _card(task: Task) -> tuple[list[str], str]:
    """Returns the release's front matter without what it says about its own files, and its text."""
    path = task.source.folder / "README.md"
    text = path.read_text(encoding="utf-8") if "README.md" in task.source.manifest.files else ""
    found = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    if found is None:
        return [], text.strip()
    kept: list[str] = []
    skipping = False
    for line in found[1].split("\n"):
        if not line.startswith((" ", "-")):
            skipping = line.startswith(("configs:", "dataset_info:"))
        if not skipping:
            kept.append(line)
    return kept, text[found.end() :].strip()
