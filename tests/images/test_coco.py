"""COCO annotations: counts, simple and complex pictures, licences, and files that are no COCO."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stumper.errors import BadInput
from stumper.images.coco import add_coco, read_coco
from stumper.images.files import FolderFiles
from stumper.images.queries import of_kind
from stumper.records import CampaignId, ImageKind
from stumper.store.database import Database
from tests.images import pictures

DOG, CAR = 18, 3


def annotations(counts: dict[str, list[int]], **more: Any) -> dict[str, Any]:
    """COCO content for file name -> category of each object."""
    images = [{"id": number, "file_name": name, "license": 4} for number, name in enumerate(counts)]
    objects = [
        {"id": 100 * number + place, "image_id": number, "category_id": category, "iscrowd": 0}
        for number, categories in enumerate(counts.values())
        for place, category in enumerate(categories)
    ]
    return {
        "images": images,
        "annotations": objects,
        "categories": [{"id": DOG, "name": "dog"}, {"id": CAR, "name": "car"}],
        "licenses": [{"id": 4, "name": "Attribution License", "url": "http://example.org"}],
    } | more


def written(folder: Path, content: Any) -> Path:
    path = folder / "instances.json"
    path.write_text(json.dumps(content))
    return path


def kinds(folder: Path, content: Any) -> dict[str, ImageKind]:
    read = read_coco(written(folder, content), folder=folder, licence="", source="COCO")
    return {one.name: one.kind for one in read}


async def test_adds_pictures_with_their_counts(
    database: Database, files: FolderFiles, campaign_id: CampaignId, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    pictures.write_zoo(folder, 3)
    content = annotations({"000.png": [DOG, DOG, CAR], "001.png": [DOG] * 4, "002.png": [], "003.png": [DOG]})
    report = await add_coco(
        database, files, campaign_id=campaign_id, instances=written(tmp_path, content), folder=folder, now=2.0
    )
    assert (report.added, report.known) == (3, 0)
    assert [(refusal.name, refusal.reason) for refusal in report.refused] == [
        ("003.png", "cannot be read: No such file or directory")
    ]
    async with database.read() as tx:
        simple = await of_kind(tx, campaign_id, ImageKind.CANDIDATE)
        others = await of_kind(tx, campaign_id, ImageKind.UNTAINTED)
    assert [(image.objects, image.labels) for image in simple] == [(3, {"car": 1, "dog": 2})]
    assert sorted(image.objects or 0 for image in others) == [0, 4]
    assert {image.licence for image in simple + others} == {"Attribution License"}
    assert simple[0].source == "COCO"


@given(st.lists(st.sampled_from([DOG, CAR]), max_size=9))
def test_fewer_than_four_objects_make_a_candidate(tmp_path_factory: Any, objects: list[int]) -> None:
    folder = tmp_path_factory.mktemp("coco")
    simple = 1 <= len(objects) <= 3
    expected = ImageKind.CANDIDATE if simple else ImageKind.UNTAINTED
    assert kinds(folder, annotations({"a.png": objects})) == {"a.png": expected}


def test_a_crowd_is_never_simple(tmp_path: Path) -> None:
    content = annotations({"a.png": [DOG]})
    content["annotations"][0]["iscrowd"] = 1
    assert kinds(tmp_path, content) == {"a.png": ImageKind.UNTAINTED}


async def test_a_name_that_leaves_the_folder_is_refused(
    sqlite_database: Database, files: FolderFiles, sqlite_campaign_id: CampaignId, tmp_path: Path
) -> None:
    pictures.write_zoo(tmp_path, 1)
    (tmp_path / "in").mkdir()
    content = annotations(
        {"../000.png": [DOG], str(tmp_path / "000.png"): [DOG], "a\0b.png": [DOG], "\ud800": [DOG]}
    )
    report = await add_coco(
        sqlite_database,
        files,
        campaign_id=sqlite_campaign_id,
        instances=written(tmp_path, content),
        folder=tmp_path / "in",
        now=2.0,
    )
    assert report.added == 0
    assert sorted(refusal.reason for refusal in report.refused) == [
        "a link that leaves the folder; copy the picture into it",
        "a link that leaves the folder; copy the picture into it",
        "a name that no file can have",
        "a name that no file can have",
    ]


async def test_a_licence_given_beats_the_file_and_none_is_refused(
    sqlite_database: Database, files: FolderFiles, sqlite_campaign_id: CampaignId, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    pictures.write_zoo(folder, 1)
    content = annotations({"000.png": [DOG]})
    del content["licenses"]
    path = written(tmp_path, content)

    async def add(licence: str) -> Any:
        return await add_coco(
            sqlite_database,
            files,
            campaign_id=sqlite_campaign_id,
            instances=path,
            folder=folder,
            licence=licence,
            now=2.0,
        )

    assert "no licence is named" in (await add("")).refused[0].reason
    assert (await add("CC0")).added == 1


BROKEN: list[tuple[Any, str]] = [
    ([], "has no list 'images'"),
    ({"images": []}, "has no list 'annotations'"),
    ({"images": [], "annotations": []}, "has no list 'categories'"),
    (annotations({}, images=[{"id": 1}]), "entry 0 of 'images' has no 'id' or no 'file_name'"),
    (annotations({}, images=["a.png"]), "entry 0 of 'images'"),
    (annotations({}, images=[{"id": [1], "file_name": "a.png"}]), "entry 0 of 'images'"),
    (
        annotations({}, images=[{"id": 1, "file_name": "a.png"}, {"id": 1, "file_name": "b.png"}]),
        "the id 1 occurs twice in 'images'",
    ),
    (
        annotations({}, categories=[{"id": 1, "name": "dog"}, {"id": 1, "name": "cat"}]),
        "the id 1 occurs twice in 'categories'",
    ),
    (annotations({"a.png": [99]}), "entry 0 of 'annotations' names no picture or category"),
    (annotations({}, annotations=[{"image_id": 7, "category_id": DOG}]), "entry 0 of 'annotations'"),
    (annotations({}, annotations=[{"category_id": DOG}]), "entry 0 of 'annotations'"),
    (annotations({}, annotations=[17]), "entry 0 of 'annotations'"),
    (annotations({}, annotations=[{"image_id": [], "category_id": DOG}]), "entry 0 of 'annotations'"),
]


@pytest.mark.parametrize(("content", "words"), BROKEN)
def test_names_the_entry_at_fault(tmp_path: Path, content: Any, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        kinds(tmp_path, content)


@pytest.mark.parametrize("text", ["", "{", "\xff\xfe", '{"images": ' + "[" * 200_000])
def test_says_that_it_is_no_json(tmp_path: Path, text: str) -> None:
    (tmp_path / "instances.json").write_text(text, encoding="latin-1")
    with pytest.raises(BadInput, match=r"instances\.json is no valid JSON"):
        read_coco(tmp_path / "instances.json", folder=tmp_path, licence="", source="")


def test_says_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read: No such file"):
        read_coco(tmp_path / "none.json", folder=tmp_path, licence="", source="")
    with pytest.raises(BadInput, match="There is no folder"):
        read_coco(tmp_path / "none.json", folder=tmp_path / "none", licence="", source="")
