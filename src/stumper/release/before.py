"""What the last release of a campaign held, read from its folder, so that the next keeps pictures and players
where they were.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import structlog

from stumper.errors import BadRelease
from stumper.records import ImageId, Release, Split
from stumper.release.manifest import read_manifest
from stumper.release.plan import NOTHING, Before, Reason

log = structlog.get_logger()


def read_before(releases: Iterable[Release], *, seed: int) -> Before:
    """Returns what the newest of the releases of this seed held; ``releases`` come oldest first.

    A release that cannot be read is passed over, with a warning: its splits cannot be kept.
    """
    for release in reversed(list(releases)):
        folder = Path(release.path)
        try:
            manifest = read_manifest(folder)
            if manifest.seed == seed:
                return _read(folder, apart=manifest.format > 1 and not manifest.why_not_apart)
        except (BadRelease, OSError, ValueError, KeyError) as error:
            log.warning("the splits of a release cannot be kept", release=release.id, reason=str(error))
    return NOTHING


def _read(folder: Path, *, apart: bool) -> Before:
    images: dict[ImageId, Split] = {}
    keys, held = array("Q"), array("b")
    for line in _lines(folder):
        split = Split(line["split"])
        images[ImageId(Path(line["image"]).stem)] = split
        keys.append(int(line["id"], 16))
        # a conflict: the player is on the other side than the picture
        held.append((split is Split.TEST) != (line.get("reason") == Reason.PLAYER))
    order = np.argsort(np.asarray(keys, np.uint64))
    sides = np.asarray(held, bool)[order] if apart else np.empty(0, bool)
    return Before(images=images, keys=np.asarray(keys, np.uint64)[order], held_out=sides)


def _lines(folder: Path) -> Iterator[dict[str, str]]:
    for name in ("provenance.jsonl", "left-out.jsonl"):
        path = folder / name
        if name == "left-out.jsonl" and not path.exists():  # format 1 left nothing out
            return
        with path.open(encoding="utf-8", newline="\n") as lines:
            yield from map(json.loads, lines)
