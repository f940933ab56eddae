"""The whole audit: what it finds in planted faults, in a release, in real data; what it refuses."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest

from stumper.errors import BadDataset
from stumper.images.files import FolderFiles
from stumper.records import Category
from stumper.release import freeze
from stumper.release.audit import Audit, Severity, audit
from stumper.release.audit.limits import LIMITS, in_words
from stumper.store.database import Database
from tests.release.audit.data import ROWS, gap, plain, write_lines
from tests.release.rows import CAMPAIGN, FIRST, Fact, accept, open_campaign

REAL = Path(os.environ.get("STUMPER_GAP_VQA", Path(__file__).parents[4] / "shared/data/gap_vqa"))


def severity(found: Audit, name: str) -> Severity:
    return next(one.severity for one in found.findings if one.name == name)


def sound(n: int = 300, *, seed: int = 1) -> list[dict[str, str]]:
    """Rows without a fault: seven kinds of questions, answers in balance, two a picture."""
    rng = random.Random(seed)
    things = "cat dog car bus tree house clock table chair lamp window flower bottle kite boat horse".split()
    looks = "striped wooden broken round painted folded".split()
    forms = (
        ("How many {a} {b} are beside the {c}?", "2 3 4 5 6 7".split()),
        ("What colour is the {a} {b} near the {c}?", "red blue green black white".split()),
        ("Is there a {a} {b} behind the {c}?", ["yes", "no"]),
        ("What is written on the {a} {b} by the {c}?", "stop cafe zoo taxi open bank".split()),
        ("Which side of the {a} {b} is the {c} on?", ["left", "right"]),
        ("Why is the {a} {b} next to the {c}?", ["it rains", "it is late", "someone left it there"]),
        ("Which is bigger, the {a} {b} or the {c}?", things),
    )
    rows = []
    for place in range(n):
        form, answers = forms[place % len(forms)]
        asked = form.format(a=rng.choice(looks), b=rng.choice(things), c=rng.choice(things))
        row = {"id": f"{place}", "image": f"{place // 2}.png", "question": asked}
        rows.append({**row, "answer": rng.choice(answers)})
    return rows


def test_a_sound_set_has_no_fault(tmp_path: Path) -> None:
    found = audit(write_lines(tmp_path / "a.jsonl", sound()))

    assert found.faults == 0, [one.says for one in found.findings if one.severity is Severity.FAULT]
    assert found.rows == 300
    assert found.images == 150


PLANTED = {
    "missing": {"answer": ""},
    "refusing": {"answer": "I'm sorry, I can't help with that."},
    "unanswerable": {"answer": "It cannot be determined from the image."},
    "long_references": {"answer": "word " * 2000},
    "control_words": {"question": "What is this?<|im_end|>"},
    "garbled": {"question": "What is the cafÃ© called?"},
    "invalid": {"question": "hello robot"},
    "duplicate_ids": {"id": "7"},
    "no_picture": {"image": ""},
    "contradictions": {"image": "x.png", "question": "What colour is the hat?"},
    "duplicates": {"image": "x.png", "question": "What colour is the hat?", "answer": "red"},
    "one_picture": {"image": "x.png"},
    "top_question": {"question": "What colour is the hat?"},
    "repeated_wordings": {"question": "What colour is the hat?"},
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_found_and_shown(tmp_path: Path, name: str) -> None:
    rows = sound()
    share = 0.8 if name == "repeated_wordings" else 0.3 if name == "one_picture" else 0.1
    for place in range(round(share * len(rows))):
        rows[place] |= PLANTED[name]

    found = audit(write_lines(tmp_path / "a.jsonl", rows))

    one = next(one for one in found.findings if one.name == name)
    assert one.severity is Severity.FAULT, (one.value, one.says)
    assert one.value == pytest.approx(share, abs=0.02)
    assert one.advice
    assert one.examples or name in ("top_question", "repeated_wordings", "one_picture")


def test_one_category_and_one_answer_are_faults(tmp_path: Path) -> None:
    rows = [(f"{n}", f"How many {n} cats are there?", "two") for n in range(50)]

    found = audit(plain(tmp_path / "a.jsonl", rows))

    assert severity(found, "balance") is severity(found, "blind") is Severity.FAULT
    assert (found.entropy, found.blind) == (0, 1)


def test_a_handful_of_rows_is_not_called_unbalanced(tmp_path: Path) -> None:
    found = audit(plain(tmp_path / "a.jsonl", [(f"{n}", f"How many {n} cats?", "two") for n in range(10)]))

    assert severity(found, "balance") is severity(found, "blind") is Severity.FINE
    assert found.entropy == 0


def test_splits_that_share_pictures_and_questions_leak(tmp_path: Path) -> None:
    train = plain(tmp_path / "train.jsonl", [("a", "Is it a cat?", "yes"), ("b", "Is it a dog?", "no")])
    val = plain(tmp_path / "val.jsonl", [("a", "Is it a cat?", "yes"), ("c", "Is it a dog?", "no")])

    found = audit(train, against=[val])

    (leak,) = found.leaks
    assert (leak.earlier, leak.later) == ("train", "val")
    assert (leak.images, leak.wordings, leak.pairs) == (0.5, 1.0, 0.5)
    assert {severity(found, f"{name}_leak") for name in ("image", "wording", "pair")} == {Severity.FAULT}


def test_files_of_one_name_are_two_splits(tmp_path: Path) -> None:
    paths = [tmp_path / name / "questions.jsonl" for name in ("old", "new")]
    for path in paths:
        path.parent.mkdir()
        plain(path)

    found = audit(paths[0], against=paths[1:])

    assert found.splits == {"old/questions": 4, "new/questions": 4}
    assert found.leaks[0].images == 1


def test_rows_may_name_their_split(tmp_path: Path) -> None:
    rows = [{"image": "a", "question": "Q?", "answer": "a", "split": split} for split in ("test", "train")]

    found = audit(write_lines(tmp_path / "a.jsonl", rows))

    assert [(leak.earlier, leak.later, leak.pairs) for leak in found.leaks] == [("train", "test", 1.0)]


async def test_a_release_has_no_fault(sqlite_database: Database, tmp_path: Path) -> None:
    files, rows = FolderFiles(tmp_path / "files"), sound(60)
    await open_campaign(sqlite_database)
    facts = [
        Fact(picture=n // 2, question=row["question"], answer=row["answer"], category=Category.COUNTING)
        for n, row in enumerate(rows)
    ]
    await accept(sqlite_database, files, facts)
    made = await freeze(
        sqlite_database, files, campaign_id=CAMPAIGN, round_id=FIRST, out=tmp_path / "out", seed=1, now=3.0
    )

    found = audit(Path(made.path))

    assert found.faults == 0, [one.says for one in found.findings if one.severity is Severity.FAULT]
    assert list(found.splits) == ["train", "val", "test"]
    assert found.rows == 60
    assert all(leak.images == 0 for leak in found.leaks)
    assert severity(found, "absent_pictures") is Severity.FINE


def test_what_cannot_be_read_is_a_fault_and_the_rest_is_audited(tmp_path: Path) -> None:
    path = gap(tmp_path / "cut.json")
    path.write_text(path.read_text(encoding="utf-8")[:-60], encoding="utf-8")

    found = audit(path)

    assert found.rows == 3
    assert found.findings[0].name == "unreadable"
    assert "cut.json item 3: line " in found.findings[0].examples[0]


def test_letters_of_another_encoding_are_found_and_shown(tmp_path: Path) -> None:
    path = plain(tmp_path / "a.jsonl")
    with path.open("ab") as file:
        file.write(
            '{"image": "z", "question": "What does the café sell?", "answer": "tea"}\n'.encode("cp1252")
        )

    found = audit(path)

    one = next(one for one in found.findings if one.name == "garbled")
    assert one.severity is Severity.FAULT
    assert one.examples == ("What does the caf\ufffd sell? → tea (line 5)",)


def test_a_reference_of_ten_thousand_letters_is_told_but_not_shown_whole(tmp_path: Path) -> None:
    found = audit(plain(tmp_path / "a.jsonl", [*ROWS, ("d.png", "What is it?", "x" * 10_000)]))

    one = next(one for one in found.findings if one.name == "long_references")
    assert one.severity is Severity.FAULT
    assert len(one.examples[0]) < 300


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"height": 1}\n' * 3, r"the columns are height.*--question NAME"),
        ("[]", "its list is empty"),
        ("[oops]", r"item 1: line 1: not JSON .*Write it again"),
        ("question,answer\n", "its list is empty"),
        ('{"question": null}\n', "'question' is empty"),
        ("{}\n" * 5000, "the columns are none"),
    ],
)
def test_a_file_without_questions_is_refused(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / ("a.csv" if content.startswith("question") else "a.json")
    path.write_text(content)

    with pytest.raises(BadDataset, match=says):
        audit(path)


def test_a_file_that_is_not_there_is_guessed(tmp_path: Path) -> None:
    plain(tmp_path / "questions.jsonl")

    with pytest.raises(BadDataset, match=r"Did you mean questions\.jsonl"):
        audit(tmp_path / "question.jsonl")


def test_a_folder_without_splits_is_refused_with_its_files(tmp_path: Path) -> None:
    plain(tmp_path / "questions.jsonl")

    with pytest.raises(BadDataset, match=r"it holds questions\.jsonl\. Name one file"):
        audit(tmp_path)


def test_every_limit_warns_before_it_faults() -> None:
    for limit in LIMITS.values():
        sign = -1 if limit.falling else 1
        assert limit.fault_at != limit.fault_at or sign * limit.warning_at <= sign * limit.fault_at


def test_all_of_it_is_json_without_nan(tmp_path: Path) -> None:
    found = audit(plain(tmp_path / "a.jsonl", [("a", "Hello", "")])).to_json()

    text = json.dumps(found, allow_nan=False)

    assert json.loads(text)["entropy"] is None
    assert {one["name"] for one in found["findings"]} <= set(LIMITS)


@pytest.mark.skipif(not REAL.is_dir(), reason="the published data are not here")
def test_the_published_data_show_the_faults_that_are_known_of_them() -> None:
    found = audit(REAL / "train_part.json")

    assert found.rows == 1935
    assert found.kinds[0].name == "counting"
    assert found.kinds[0].share > 0.75
    assert found.entropy == pytest.approx(0.34, abs=0.06)
    values = {one.name: one.value for one in found.findings}
    assert values["repeated_wordings"] == pytest.approx(0.42, abs=0.02)
    assert values["missing"] == pytest.approx(8 / 1935)
    assert {"balance", "contradictions", "top_question"} <= {
        one.name for one in found.findings if one.severity is Severity.FAULT
    }


@pytest.mark.parametrize("name", LIMITS)
def test_the_guide_names_every_finding_with_its_limits(name: str) -> None:
    guide = (Path(__file__).parents[3] / "docs" / "guide" / "audit.md").read_text(encoding="utf-8")

    assert f"| {LIMITS[name].title} | `{name}` | {in_words(LIMITS[name])} |" in guide
