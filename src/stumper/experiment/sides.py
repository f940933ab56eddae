"""Which pictures and players of a release are for training, and which are kept for examining.

Read from the release's own files: its test and validation splits, what it left out of them, and what looks
alike. A picture that is in no split (nothing about it was accepted) is on the training side.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stumper.errors import BadRelease
from stumper.records import ImageId, Split
from stumper.release.formats import read_rows
from stumper.release.manifest import read_manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """What no arm may be tuned on."""

    tested: frozenset[str]
    """Pictures of the test split, and what looks like them."""
    kept_out: frozenset[str]
    """These and those of the validation split."""
    players: frozenset[str]
    """Pseudonyms of the test's players; empty if the release does not keep players apart."""
    apart: bool

    def trains(self, image_id: str, player: str) -> bool:
        """Tells whether what this player said about this picture may be learned."""
        return image_id not in self.kept_out and player not in self.players

    def tests(self, image_id: str, player: str) -> bool:
        """Tells whether it may be asked in a test."""
        return image_id in self.tested and (not self.apart or player in self.players)


def sides_of(release: Path, leaders: Mapping[ImageId, ImageId]) -> Sides:
    """Reads a release; ``leaders`` names each picture's group of look-alikes. Raises BadRelease."""
    manifest = read_manifest(release)
    left_out = [(line["image"], line["split"]) for line in _lines(release / "left-out.jsonl")]
    by_split = {
        split: {row.image_id for row in read_rows(release, split)}
        | {ImageId(image) for image, where in left_out if where == split}
        for split in (Split.TEST, Split.VAL)
    }
    tested = _alike(by_split[Split.TEST], leaders)
    players = (
        line["provenance"].get("player", "")
        for line in _lines(release / "provenance.jsonl")
        if line["split"] == Split.TEST
    )
    apart = not manifest.why_not_apart
    return Sides(
        tested=tested,
        kept_out=tested | _alike(by_split[Split.VAL], leaders),
        players=frozenset(players) - {""} if apart else frozenset(),
        apart=apart,
    )


def _alike(images: Collection[ImageId], leaders: Mapping[ImageId, ImageId]) -> frozenset[str]:
    chosen = {leaders.get(one, one) for one in images}
    return frozenset(images) | {one for one, leader in leaders.items() if leader in chosen}


def _lines(path: Path) -> list[dict[str, Any]]:
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    except (OSError, ValueError) as error:
        raise BadRelease(
            f"{path} cannot be read: {error}. Build the release again with `stumper release build`."
        ) from error
