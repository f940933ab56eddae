"""Pictures with COCO annotations (``instances_*.json``): few objects make a candidate for a control.

The paper's rule: fewer than four annotated objects make a simple image. Format:
https://cocodataset.org/#format-data
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any, Final

from stumper.errors import BadInput
from stumper.images.files import Files
from stumper.images.ingest import Incoming, IngestReport, Limits, add_files, printable
from stumper.records import CampaignId, ImageKind
from stumper.store.database import Database

Id = int | str
SIMPLE_BELOW: Final = 4
"""A picture with fewer annotated objects is simple (PAPER: tainted images)."""


async def add_coco(
    database: Database,
    files: Files,
    *,
    campaign_id: CampaignId,
    instances: Path,
    folder: Path,
    licence: str = "",
    source: str = "COCO",
    now: float,
    limits: Limits | None = None,
    skip_alike: bool = False,
) -> IngestReport:
    """Adds the pictures that ``instances`` lists and ``folder`` holds, with their object counts.

    1 to 3 objects make a candidate, everything else is untainted: also crowds, and pictures without an
    annotation, where nothing is known. An empty ``licence`` takes each picture's own from the file. A listed
    picture that is not there is among the refused. Raises BadInput for a file that is no COCO annotation,
    with the entry at fault.
    """
    listed = await asyncio.to_thread(read_coco, instances, folder=folder, licence=licence, source=source)
    return await add_files(
        database,
        files,
        listed,
        campaign_id=campaign_id,
        limits=limits or Limits(),
        now=now,
        skip_alike=skip_alike,
    )


def read_coco(instances: Path, *, folder: Path, licence: str, source: str) -> list[Incoming]:
    """Returns one entry a listed picture, by file name. Raises BadInput."""
    if not folder.is_dir():
        raise BadInput(f"There is no folder {folder}. Give the folder of the pictures of {instances.name}.")
    content = _load(instances)
    names = _by_id(content, "categories", "name", where=instances.name)
    licences = _by_id(content, "licenses", "name", where=instances.name) if "licenses" in content else {}
    images = _by_id(content, "images", "file_name", where=instances.name)
    counts, crowded = _count(content, images=images, names=names, where=instances.name)
    own = {entry["id"]: licences.get(_id(entry.get("license")) or "", "") for entry in content["images"]}
    return [
        Incoming(
            path=folder / file_name,
            root=folder,
            name=printable(file_name),
            kind=_kind(counts[image_id], crowded=image_id in crowded),
            licence=licence or own[image_id][:80],
            source=source,
            labels=dict(sorted(counts[image_id].items())) if counts[image_id] else None,
        )
        for image_id, file_name in sorted(images.items(), key=lambda item: item[1])
    ]


def _kind(counts: Counter[str], *, crowded: bool) -> ImageKind:
    simple = 0 < counts.total() < SIMPLE_BELOW and not crowded
    return ImageKind.CANDIDATE if simple else ImageKind.UNTAINTED


def _load(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_bytes())
    except OSError as error:
        raise BadInput(f"The annotations {path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path.name} is no valid JSON ({error}). Download it again.") from error
    for part in ("images", "annotations", "categories"):
        if not isinstance(content, dict) or not isinstance(content.get(part), list):
            raise BadInput(f"{path.name} is no COCO file: it has no list {part!r}. Give an instances_*.json.")
    return content


def _by_id(content: dict[str, Any], part: str, field: str, *, where: str) -> dict[Id, str]:
    """Returns id -> field of a part's entries. Raises BadInput if one is missing or an id occurs twice."""
    found: dict[Id, str] = {}
    for number, entry in enumerate(content[part]):
        entry_id = _id(entry.get("id")) if isinstance(entry, dict) else None
        if entry_id is None or not isinstance(entry.get(field), str):
            raise BadInput(f"{where}: entry {number} of {part!r} has no 'id' or no {field!r}.")
        if entry_id in found:
            raise BadInput(f"{where}: the id {entry_id!r} occurs twice in {part!r}. Make the ids unique.")
        found[entry_id] = entry[field] if field == "file_name" else printable(entry[field])
    return found


def _id(value: object) -> Id | None:
    return value if isinstance(value, int | str) else None


def _count(
    content: dict[str, Any], *, images: dict[Id, str], names: dict[Id, str], where: str
) -> tuple[dict[Id, Counter[str]], set[Id]]:
    """Returns each picture's objects by name, and the pictures where a crowd was annotated as one object."""
    counts: dict[Id, Counter[str]] = {image_id: Counter() for image_id in images}
    crowded: set[Id] = set()
    for number, entry in enumerate(content["annotations"]):
        try:
            image_id, name = entry["image_id"], names[entry["category_id"]]
            counts[image_id][name] += 1
            if entry.get("iscrowd"):
                crowded.add(image_id)
        except (KeyError, TypeError, AttributeError) as error:
            raise BadInput(
                f"{where}: entry {number} of 'annotations' names no picture or category of this "
                f"file ({error})."
            ) from error
    return counts, crowded
