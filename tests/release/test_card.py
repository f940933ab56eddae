"""The data card: front matter that tools read, figures that fit the rows, text from outside kept harmless."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from stumper.records import Category, ImageId, PlayerKind, Split
from stumper.release.card import card
from stumper.release.facts import Counts, Facts, Prior, Seen, Size
from stumper.release.plan import Reason
from stumper.release.portable import portable, portable_ref
from stumper.release.queries import Frame, Source

COUNTS = Counts(
    examples=3,
    pictures=2,
    players=Counter({PlayerKind.HUMAN: 2, PlayerKind.MODEL: 1}),
    splits={Split.TRAIN: Size(2, 1, 2), Split.VAL: Size(0, 0, 0), Split.TEST: Size(1, 1, 1)},
    categories={Category.COUNTING: (2, 0, 0), Category.TEXT: (0, 0, 1)},
    priors={Category.COUNTING: Prior(7, 0.5), Category.TEXT: Prior(8, 1.0)},
    common=[(7, 2), (8, 1)],
    top_question=(9, 2),
    repeated=1,
    otherwise=1,
    entropy=0.27,
    entropy_before=0.2,
    left_out={Reason.PLAYER: 4, Reason.QUESTION: 0, Reason.CATEGORY: 0},
    least_posterior=0.97,
    mean_posterior=0.98,
)
SOURCE = Source(
    id="e1",
    image_id=ImageId("a"),
    file="aa/a.png",
    source="Toytown, seed 7",
    licence="CC0 1.0",
    question="How many cats?",
    answer="Five!",
    wrong_answer="three",
    category=Category.COUNTING,
    posterior=0.97,
    round=1,
    model_ref="onnx:/home/me/models/base",
    provenance={"language": "sv-SE", "consent": {"licence": "CC BY 4.0"}},
)


def seen(*sources: Source) -> Seen:
    found = Seen(wanted=frozenset((7, 8, 9)))
    for source in sources or (SOURCE, SOURCE):
        found.add(source, question=9, answer=7)
    found.add(replace(SOURCE, question="Say?", answer="stop", provenance={}), question=1, answer=8)
    return found


FACTS = Facts(
    frame=Frame(campaign="toytown", licence="CC BY 4.0", round=1, model_ref="onnx:"),
    seed=3,
    counts=COUNTS,
    seen=seen(),
    weights={Category.COUNTING: 1.0},
    why_not_apart="",
)


def test_the_front_matter_is_what_the_hub_reads() -> None:
    yaml = pytest.importorskip("yaml")

    data = yaml.safe_load(card(FACTS).split("---")[1])

    assert data["license"] == "cc-by-4.0"
    assert data["language"] == ["sv"]
    assert data["configs"][0]["data_files"][1] == {
        "split": "validation",
        "path": "data/validation-*.parquet",
    }


def test_an_unlisted_licence_is_named() -> None:
    text = card(replace(FACTS, frame=replace(FACTS.frame, licence="House rules")))

    assert 'license: other\nlicense_name: "House rules"' in text


@pytest.mark.parametrize(
    "line",
    [
        "| train | 2 | 1 | 2 |",
        "| counting | 2 | 0 | 0 | 67% | 1.00 | five 50% |",
        "| examples a picture | 1.50 |",
        "| questions whose wording occurs before | 33% |",
        "| questions asked of one picture with different answers | 1 |",
        "| most frequent question | How many cats?: 2 (66.67%) |",
        "| words a question | 2.3 |",
        "| most common answers | five 2, stop 1 |",
        "- 3 made the examples: 2 people, 1 models that play.",
        "- Languages, as examples: sv-SE 2, not recorded 1.",
        "- 4 (`player`): its picture is held out for the test and its player is not, or the other way round.",
    ],
)
def test_the_figures_are_those_of_the_rows(line: str) -> None:
    assert line in card(FACTS).splitlines()


@pytest.mark.parametrize(
    "part",
    [
        "lowest here: 0.970, mean 0.980",
        "Toytown (CC0 1.0), 3 examples",
        "CC BY 4.0 (2 examples), not recorded (1 examples)",
        "Normalised entropy of the categories: 0.27 (1 is all eleven alike; of all accepted examples: 0.20)",
        "nothing is asked about existence, colour, attribute",
        "No player of the test has an example in train or validation.",
        "(all alike)",
    ],
)
def test_the_sentences_are_those_of_the_facts(part: str) -> None:
    assert part in card(FACTS)


def test_players_in_two_splits_are_said_in_bold_with_the_reason() -> None:
    text = card(replace(FACTS, why_not_apart="there are 2 of them, and three splits need 3"))

    assert "**Players are not kept apart**" in text
    assert "because there are 2 of them, and three splits need 3." in text
    assert "No player of the test" not in text


def test_what_models_asked_is_told_with_their_names_and_what_was_suggested() -> None:
    asked = {"kind": "model", "model": "hf:/home/me/large", "method": "stronger"}
    one = replace(SOURCE, provenance={"asked_by": asked, "suggested": "need"})
    told = card(replace(FACTS, frame=replace(FACTS.frame, models=True), seen=seen(SOURCE, one)))

    assert "- **Asked by models**, confirmed by people: hf:large (stronger) 1 examples." in told
    assert "- 1 of the questions were made of a suggestion" in told
    assert "is left out" not in told
    assert "- What models that play found is left out" in card(FACTS)


def test_nothing_left_out_is_said_too() -> None:
    counts = replace(COUNTS, left_out=dict.fromkeys(Reason, 0))

    assert "Nothing: every accepted example is in it." in card(replace(FACTS, counts=counts))


def test_every_point_of_a_list_stands_on_its_own_line() -> None:
    lines = card(FACTS).splitlines()

    assert not [line for line in lines if ".- " in line]
    assert sum(line.startswith("- ") for line in lines) == 27


def test_the_card_holds_no_folder_of_this_machine() -> None:
    assert "/home/me" not in card(FACTS)
    assert "round 1, `onnx:base`" in card(FACTS)


def test_typed_text_cannot_become_markup() -> None:
    evil = replace(SOURCE, question="<script>|[x](http://evil)|\n# Title", answer="<b>|\n# x")

    text = card(replace(FACTS, seen=seen(evil)))

    assert "<script>" not in text
    assert "](http" not in text
    assert "\n# Title" not in text
    assert "<b>" not in text


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
