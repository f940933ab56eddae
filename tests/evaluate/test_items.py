"""Questions from a release and from Toytown: right in number, repeatable, apart from what was trained on."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from stumper.errors import BadRelease
from stumper.evaluate.items import KNOWN, WITHHELD, release_items, toytown_items
from stumper.records import Category, ImageId, Split
from stumper.release.formats import Row, jsonl, write_jsonl
from stumper.toytown.questions import Skill

ROW = Row(
    id="1",
    image_id=ImageId("a"),
    image="images/a.png",
    question="How many?",
    answer="five",
    wrong_answer="three",
    category=Category.COUNTING,
    round=1,
    image_licence="CC0 1.0",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    (tmp_path / "images/a.png").write_bytes(b"picture")
    later = Row(**{name: getattr(ROW, name) for name in Row.__slots__} | {"id": "2", "round": 2})
    write_jsonl(tmp_path / "test.jsonl", [jsonl(ROW), jsonl(later)])
    return tmp_path


def test_a_release_gives_its_test_questions(folder: Path) -> None:
    found = release_items(folder)

    assert [item.id for item in found] == ["1", "2"]
    assert found[0].image == b"picture"
    assert (found[0].reference, found[0].picture) == ("five", "a")


def test_one_round_can_be_asked_alone(folder: Path) -> None:
    assert [item.id for item in release_items(folder, round_number=2)] == ["2"]


def test_a_missing_picture_or_split_is_named(folder: Path) -> None:
    (folder / "images/a.png").unlink()

    with pytest.raises(BadRelease, match=r"lacks the picture images/a\.png"):
        release_items(folder)
    with pytest.raises(BadRelease, match=r"train\.jsonl cannot be read"):
        release_items(folder, split=Split.TRAIN)


def test_toytown_questions_are_spread_over_the_skills_and_repeatable() -> None:
    skills = (Skill.COLOUR, Skill.COUNT, Skill.EXISTENCE)

    found = toytown_items(seed=1, n=10, skills=skills, style="simple")

    assert Counter(item.group for item in found) == {"colour": 4, "count": 3, "existence": 3}
    assert found == toytown_items(seed=1, n=10, skills=skills, style="simple")
    assert len({item.id for item in found}) == 10
    assert all(item.reference in item.choices for item in found)
    assert Image.open(io.BytesIO(found[0].image)).size == (192, 192)


def test_another_seed_asks_other_questions() -> None:
    one, two = (toytown_items(seed=seed, n=4, skills=(Skill.COUNT,), style="simple") for seed in (1, 2))

    assert not {item.image for item in one} & {item.image for item in two}


def test_known_and_withheld_are_apart() -> None:
    assert not set(KNOWN) & set(WITHHELD)
    assert Skill.INVALID not in KNOWN + WITHHELD


def test_none_wanted_is_none_drawn() -> None:
    assert toytown_items(seed=1, n=0, skills=KNOWN, style="simple") == []
