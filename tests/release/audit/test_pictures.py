"""Which names are one picture: by name across folders, by content across names."""

from __future__ import annotations

from pathlib import Path

import pytest

from stumper.release.audit import pictures as module
from stumper.release.audit.pictures import pictures
from stumper.toytown.draw import draw
from stumper.toytown.sample import sample_scene


def same(names: list[str], splits: list[int], folders: list[Path] | None = None) -> list[int]:
    found = pictures(names, list(enumerate(splits)), folders or [], sure=False)
    return found.same.tolist()


def test_a_telling_file_name_is_one_picture_in_any_folder() -> None:
    names = [
        "train_images/coco_train2017_000000321702.jpg",
        "https://example.org/val/000000321702.jpg?w=3",
        "val/9c1f0e2ab4d7.png",
        "test/9C1F0E2AB4D7.jpg",
    ]

    assert same(names, [0, 1, 1, 2]) == [0, 0, 2, 2]


def test_a_number_in_a_folder_is_not() -> None:
    assert same(["train/0001.jpg", "val/0001.jpg"], [0, 1]) == [0, 1]


def test_a_name_that_is_twice_in_a_split_tells_nothing() -> None:
    names = ["x/original_image.jpg", "y/original_image.jpg", "z/original_image.jpg"]

    assert same(names, [0, 0, 1]) == [0, 1, 2]


def test_equal_files_are_one_picture(tmp_path: Path) -> None:
    for name, content in (("a.png", b"one"), ("b.png", b"two"), ("c.png", b"one")):
        (tmp_path / name).write_bytes(content)

    found = pictures(["a.png", "b.png", "c.png", "gone.png"], [], [tmp_path], sure=False)

    assert found.same.tolist() == [0, 1, 0, 3]
    assert found.twins == ((2, 0),)
    assert found.absent == {3}


def test_nobody_misses_pictures_that_were_never_there(tmp_path: Path) -> None:
    assert not pictures(["a.png", "b.png"], [], [tmp_path], sure=False).looked
    assert pictures(["a.png", "b.png"], [], [tmp_path], sure=True).absent == {0, 1}
    assert not pictures(["https://x/a.png", "sha256:00"], [], [tmp_path], sure=True).looked


def test_a_name_that_no_file_can_have_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"one")

    found = pictures(["a.png", "x" * 500, "zero\0byte"], [], [tmp_path], sure=False)

    assert found.absent == {1, 2}


def look_alikes(folder: Path) -> list[str]:
    """Writes a.png, b.png, c.jpg, which is a.png in another size, and d.png, which is no picture."""
    for name, seed in (("a.png", 3), ("b.png", 5)):
        draw(sample_scene(seed, style="complex"), 128).save(folder / name)
    draw(sample_scene(3, style="complex"), 128).resize((200, 200)).save(folder / "c.jpg", quality=60)
    (folder / "d.png").write_bytes(b"no picture")
    return ["a.png", "b.png", "c.jpg", "d.png"]


def test_a_picture_in_another_size_is_found_across_splits(tmp_path: Path) -> None:
    names = look_alikes(tmp_path)

    across = pictures(names, [(0, 0), (1, 0), (2, 1), (3, 1)], [tmp_path], sure=True)
    within = pictures(names, [(0, 0), (1, 1), (2, 0), (3, 1)], [tmp_path], sure=True)
    alone = pictures(names, [(0, 0), (1, 0), (2, 0), (3, 0)], [tmp_path], sure=True)

    assert (across.alike, across.compared) == (((2, 0),), 4)
    assert (within.alike, within.compared) == ((), 4)
    assert (alone.alike, alone.compared) == ((), 0)


def test_of_very_many_pictures_some_are_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_COMPARED", 2)
    names = look_alikes(tmp_path)

    assert pictures(names, [(0, 0), (1, 0), (2, 1), (3, 1)], [tmp_path], sure=True).compared == 2
