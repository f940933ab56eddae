"""Writes one export: the release is checked, and the folder appears whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from stumper.errors import BadInput
from stumper.records import Split
from stumper.release.export.croissant import croissant
from stumper.release.export.fit import Tally
from stumper.release.export.formats import format_called
from stumper.release.export.readme import readme
from stumper.release.export.source import open_release
from stumper.release.export.writing import Images, Task, whole, write_json


def export(
    release: Path,
    out: Path,
    *,
    name: str,
    splits: Sequence[Split] = (),
    images: Images | None = None,
) -> Tally:
    """Writes a release for one reader into the new folder ``out``; returns what became of its rows.

    Without ``splits`` those the format is for; without ``images`` the format's usual way. Equal releases and
    options give equal bytes. Raises BadInput for an unknown format or a folder that is there already,
    BadRelease for a release that is not as it was frozen.
    """
    chosen = format_called(name)
    how = images or chosen.images[0]
    if how not in chosen.images:
        ways = " or ".join(chosen.images)
        raise BadInput(f"{name} takes no pictures by {how.value!r}. Leave --images out, or say {ways}.")
    with whole(out.absolute()) as folder:
        task = Task(
            source=open_release(release),
            folder=folder,
            splits=tuple(split for split in Split if split in (splits or chosen.splits)),
            images=how,
            tally=Tally(),
        )
        chosen.write(task)
        if name == "parquet":
            write_json(folder / "croissant.json", croissant(task.source, splits=task.splits))
        text = readme(task, chosen)
        (folder / "README.md").write_text(text, encoding="utf-8", newline="\n")
    return task.tally
