"""What is merged, what is kept apart, and what is a contradiction."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stumper.curate.dedup import Twin, asks, asks_the_same, contradictions, means_the_same, twins
from stumper.records import CampaignId, Claim, ClaimId, ExchangeId, ImageId, PlayerId, RoundId


def claim(
    id_: str, question: str = "How many cats are there?", correction: str = "four", image: str = "i"
) -> Claim:
    return Claim(
        id=ClaimId(id_),
        exchange_id=ExchangeId(f"x{id_}"),
        campaign_id=CampaignId("c"),
        round_id=RoundId("r"),
        player_id=PlayerId(f"p{id_}"),
        image_id=ImageId(image),
        question=question,
        model_answer="three",
        correction=correction,
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("How many cats are there?", "how many cats are in the picture"),
        ("How many cats are there?", "Number of cats"),
        ("What colour is the umbrella?", "what color is the umbrela"),
        ("Is there a dog on the sofa?", "is there any dog on the sofa"),
        ("What is written on the sign?", "what's written on the sign??"),
    ],
)
def test_questions_that_ask_the_same(one: str, other: str) -> None:
    assert asks_the_same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("How many cats are there?", "How many dogs are there?"),
        ("How many cats are there?", "What cats are there?"),
        ("What colour is the cat?", "Where is the cat?"),
        ("What is the left cat doing?", "What is the right cat doing?"),
        ("What is on the red table?", "What is on the green table?"),
        ("Is the door open?", "Is the door closed?"),
        ("What is on shelf 2?", "What is on shelf 3?"),
    ],
)
def test_questions_that_ask_something_else(one: str, other: str) -> None:
    assert not asks_the_same(one, other)


def test_the_same_said_in_other_words_is_merged_with_the_oldest() -> None:
    claims = [
        claim("a"),
        claim("b", "number of cats", "4"),
        claim("c", "How many cats?", "There are four cats."),
    ]

    assert twins(claims) == [Twin(ClaimId("b"), ClaimId("a")), Twin(ClaimId("c"), ClaimId("a"))]


def test_other_answers_and_other_pictures_are_kept_apart() -> None:
    assert twins([claim("a"), claim("b", correction="five"), claim("c", image="j")]) == []


def test_claims_of_earlier_rounds_lead() -> None:
    assert twins([claim("b")], known=[claim("a")]) == [Twin(ClaimId("b"), ClaimId("a"))]


def test_two_answers_to_one_question_contradict() -> None:
    a, b, c = claim("a"), claim("b", "how many cats?", "five"), claim("c", "How many dogs?", "five")

    assert contradictions([a, b, c]) == [[[a], [b]]]


def test_the_same_answer_twice_is_no_contradiction() -> None:
    assert contradictions([claim("a"), claim("b", correction="4")]) == []


def test_nothing_gives_nothing() -> None:
    assert twins([]) == []
    assert contradictions([]) == []


_WORDINGS = st.sampled_from(
    (
        "How many cats are there?",
        "number of cats",
        "how many cats are on the sofa",
        "how many cats are on the soffa?",
        "How many dogs are there?",
        "What is left of the red car?",
        "what is left of the red carr",
        "what is right of the red car",
        "colour of the car",
        "Is the door open?",
        "is the door closed",
        "shelf 2",
        "?",
    )
)
_SAID = st.sampled_from(("four", "4", "There are four cats.", "five", "yes", "no", "red", "red and blue", ""))
_IMAGES = st.sampled_from("ijk")
_CLAIMS = st.lists(st.tuples(_WORDINGS, _SAID, _IMAGES), max_size=24).map(
    lambda rows: [claim(f"n{at}", *row) for at, row in enumerate(rows)]
)
_ALIKE = st.dictionaries(_IMAGES.map(ImageId), _IMAGES.map(ImageId), max_size=2)


@given(_CLAIMS, st.integers(0, 24), _ALIKE)
def test_twins_are_those_of_comparing_each_with_each(
    claims: list[Claim], cut: int, alike: dict[ImageId, ImageId]
) -> None:
    kept, expected = claims[:cut], []
    for one in claims[cut:]:
        older = (
            other
            for other in kept
            if alike.get(other.image_id, other.image_id) == alike.get(one.image_id, one.image_id)
            and asks_the_same(other.question, one.question)
            and means_the_same(other.question, other.correction, one.correction)
        )
        if (first := next(older, None)) is not None:
            expected.append(Twin(one.id, first.id))
        else:
            kept.append(one)

    assert twins(claims[cut:], known=claims[:cut], alike=alike) == expected


@given(_CLAIMS, _ALIKE)
def test_contradictions_are_those_of_one_pass_over_all(
    claims: list[Claim], alike: dict[ImageId, ImageId]
) -> None:
    asked: dict[object, list[list[Claim]]] = {}
    for one in claims:
        answers = asked.setdefault((alike.get(one.image_id, one.image_id), asks(one.question)), [])
        for agreeing in answers:
            if means_the_same(one.question, agreeing[0].correction, one.correction):
                agreeing.append(one)
                break
        else:
            answers.append([one])

    assert contradictions(claims, alike=alike) == [answers for answers in asked.values() if len(answers) > 1]
