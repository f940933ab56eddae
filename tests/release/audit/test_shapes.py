"""Question, reference and picture are found under the names that data sets use."""

from __future__ import annotations

from typing import Any

import pytest

from stumper.release.audit.records import Columns
from stumper.release.audit.shapes import Unfit, samples


def one(**data: Any) -> tuple[str, str, str]:
    (found,) = samples(data, Columns())
    return found.question, found.answer, found.image


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"Question": "Q?", "Correct Answer": "A", "image_path": "a.png"}, ("Q?", "A", "a.png")),
        ({"imageLink": "http://x/a.png", "question": "Q?", "modelAnswer": "B", "correctAnswer": "A"},
         ("Q?", "A", "http://x/a.png")),
        ({"question": "Q?", "answers": [{"answer": "b"}, {"answer": "a"}, {"answer": "a"}], "image_id": 7},
         ("Q?", "a", "7")),
        ({"prompt": "Q?", "completion": "A", "images": ["a.png", "b.png"]}, ("Q?", "A", "a.png + b.png")),
        ({"prompt": [{"role": "user", "content": "Q?"}], "chosen": [{"role": "assistant", "content": "A"}],
          "rejected": [{"role": "assistant", "content": "B"}], "images": []}, ("Q?", "A", "")),
        ({"question": "Q?", "A": "red", "B": "blue", "answer": "B", "image": "a"}, ("Q?", "blue", "a")),
        ({"question": "Q?", "choices": ["red", "blue"], "answer": 1, "image": "a"}, ("Q?", "blue", "a")),
        ({"question": "Q?", "answer": float("nan"), "image": "a"}, ("Q?", "", "a")),
        ({"question": "Q?", "answer": 3.0, "image": "a"}, ("Q?", "3", "a")),
        ({"question": "<image>\nQ?", "answer": None}, ("Q?", "", "")),
        ({"question": "Q\udce9?", "answer": "A"}, ("Q\ufffd?", "A", "")),
    ],
)  # fmt: skip
def test_usual_columns_are_known(record: dict[str, Any], expected: tuple[str, str, str]) -> None:
    assert one(**record) == expected


def test_a_conversation_has_a_sample_for_each_question() -> None:
    turns = [("human", "One?"), ("human", "Two?"), ("gpt", "2"), ("gpt", "again"), ("human", "Three?")]

    found = samples({"conversations": [{"from": who, "value": said} for who, said in turns]}, Columns())

    assert [(sample.question, sample.answer) for sample in found] == [
        ("One?", ""),
        ("Two?", "2"),
        ("Three?", ""),
    ]


def test_pictures_in_the_row_are_equal_if_their_bytes_are() -> None:
    first, second = b"\x89PNG one", b"\x89PNG two"

    assert one(question="Q?", image={"bytes": first})[2] == one(question="Q?", image=[first])[2]
    assert one(question="Q?", image={"bytes": first})[2] != one(question="Q?", image={"bytes": second})[2]
    assert one(question="Q?", image={"bytes": None, "path": "a.png"})[2] == "a.png"


def test_a_column_can_be_named() -> None:
    (found,) = samples(
        {"frage": "Q?", "question": "other", "soll": "A"}, Columns(question="frage", answer="soll")
    )

    assert (found.question, found.answer) == ("Q?", "A")


@pytest.mark.parametrize(
    ("record", "columns", "says"),
    [
        ({"height": 1, "width": 2}, Columns(), "the columns are height, width"),
        ({"question": "Q?"}, Columns(answer="reply"), "no column 'reply', only question"),
        ({"question": None, "answer": "A"}, Columns(), "'question' is empty"),
        ({"messages": []}, Columns(), "holds no question"),
        ({"messages": ["Q?"]}, Columns(), "no turn"),
    ],
)
def test_a_record_without_a_question_says_what_it_has(
    record: dict[str, Any], columns: Columns, says: str
) -> None:
    with pytest.raises(Unfit, match=says):
        samples(record, columns)
