"""The data card: front matter that tools read, figures that fit the rows, text from outside kept harmless."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stumper.records import Category, ImageId, Split
from stumper.release.card import Facts, card
from stumper.release.formats import Row
from stumper.release.portable import portable, portable_ref
from stumper.release.queries import Frame, Source

ROW = Row(
    id="1",
    image_id=ImageId("a"),
    image="images/a.png",
    question="How many cats?",
    answer="five",
    wrong_answer="three",
    category=Category.COUNTING,
    round=1,
    image_licence="CC0 1.0",
)
SOURCE = Source(
    image_id=ImageId("a"),
    file="aa/a.png",
    source="Toytown, seed 7",
    licence="CC0 1.0",
    question=ROW.question,
    answer=ROW.answer,
    wrong_answer=ROW.wrong_answer,
    category=ROW.category,
    posterior=0.97,
    round=1,
    model_ref="onnx:/home/me/models/base",
    provenance={},
)
FACTS = Facts(
    frame=Frame(campaign="toytown", licence="CC BY 4.0", round=1, model_ref="onnx:"),
    seed=3,
    rows=(
        (Split.TRAIN, ROW),
        (Split.TRAIN, replace(ROW, id="2", question="how many cats? ", answer="six")),
        (Split.TEST, replace(ROW, id="3", image_id=ImageId("b"), category=Category.TEXT, question="Say?")),
    ),
    sources=(SOURCE, replace(SOURCE, posterior=0.99), SOURCE),
)


def test_the_front_matter_is_what_the_hub_reads() -> None:
    yaml = pytest.importorskip("yaml")

    data = yaml.safe_load(card(FACTS).split("---")[1])

    assert data["license"] == "cc-by-4.0"
    assert data["configs"][0]["data_files"][1] == {
        "split": "validation",
        "path": "data/validation-00000-of-00001.parquet",
    }


def test_an_unlisted_licence_is_named() -> None:
    text = card(replace(FACTS, frame=replace(FACTS.frame, licence="House rules")))

    assert 'license: other\nlicense_name: "House rules"' in text


def test_the_figures_are_those_of_the_rows() -> None:
    text = card(FACTS)

    assert "| train | 2 | 1 |" in text
    assert "| counting | 2 | 0 | 0 | 67% |" in text
    assert "| examples a picture | 1.50 |" in text
    assert "| questions whose wording occurs before | 33% |" in text
    assert "| questions asked of one picture with different answers | 1 |" in text
    assert "lowest here: 0.970" in text
    assert "Toytown (CC0 1.0), 3 examples" in text


def test_every_point_of_a_list_stands_on_its_own_line() -> None:
    lines = card(FACTS).splitlines()

    assert not [line for line in lines if ".- " in line]
    assert sum(line.startswith("- ") for line in lines) == 19


def test_the_card_holds_no_folder_of_this_machine() -> None:
    assert "/home/me" not in card(FACTS)
    assert "round 1, `onnx:base`" in card(FACTS)


def test_typed_text_cannot_become_markup() -> None:
    evil = replace(ROW, answer="<script>|[x](http://evil)|\n# Title")

    text = card(replace(FACTS, rows=((Split.TRAIN, evil),)))

    assert "<script>" not in text
    assert "](http" not in text
    assert "\n# Title" not in text


@pytest.mark.parametrize(
    ("ref", "expected"),
    [
        ("onnx:", "onnx:"),
        ("onnx:/a/b/tuned", "onnx:tuned"),
        ("hf:C:\\models\\tuned", "hf:tuned"),
        ("openai:http://host:8000/v1#name", "openai:http://host:8000/v1#name"),
        ("scripted:echo", "scripted:echo"),
    ],
)
def test_references_lose_folders_only(ref: str, expected: str) -> None:
    assert portable_ref(ref) == expected


def test_provenance_loses_times_and_folders_at_any_depth() -> None:
    value = {"votes": [{"voted_at": 1.0, "by": "p"}], "model": "hf:/a/b", "posterior": 0.9}

    assert portable(value) == {"votes": [{"by": "p"}], "model": "hf:b", "posterior": 0.9}
