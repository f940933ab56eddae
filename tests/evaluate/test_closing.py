"""The examination of a round: three sets of questions, one bundle of figures that survives JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stumper.errors import BadRelease
from stumper.evaluate import closing
from stumper.evaluate.closing import Figures, examine, examine_fully
from stumper.evaluate.consistency import cases
from stumper.evaluate.items import KNOWN, WITHHELD, toytown_items
from stumper.evaluate.run import Item
from stumper.records import Category, ImageId
from stumper.release.formats import Row, jsonl, write_jsonl
from stumper.release.manifest import FORMAT, Manifest, digest_over, hash_folder, write_manifest
from stumper.vlm.scripted import Script, ScriptedModel
from tests.evaluate.test_run import picture


@pytest.fixture(autouse=True)
def few_items(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two dozen Toytown questions instead of hundreds."""

    def few(skills: tuple[object, ...], style: str) -> list[Item]:
        return toytown_items(seed=1, n=8, skills=skills[:4], style=style)  # type: ignore[arg-type]

    monkeypatch.setattr(closing, "cases", lambda items, *, seed: cases(items, seed=seed, n=4))
    monkeypatch.setattr(closing, "known_items", lambda *, seed: few(KNOWN, "simple"))
    monkeypatch.setattr(closing, "withheld_items", lambda *, seed: few(WITHHELD, "complex"))


def release(folder: Path, *, answer: str = "five") -> Path:
    (folder / "images").mkdir(parents=True)
    rows = []
    for number in range(6):
        (folder / f"images/{number}.png").write_bytes(picture(number))
        rows.append(
            Row(
                id=str(number),
                image_id=ImageId(str(number)),
                image=f"images/{number}.png",
                question="How many cats?",
                answer=answer,
                wrong_answer="three",
                category=Category.COUNTING,
                round=1,
                image_licence="CC0 1.0",
            )
        )
    write_jsonl(folder / "test.jsonl", map(jsonl, rows))
    files = hash_folder(folder)
    write_manifest(
        folder,
        Manifest(
            format=FORMAT, id="r", digest=digest_over(files), campaign="c", round=1, seed=1, licence="l",
            images=6, splits={"test": 6}, categories={"counting": 6}, files=files,
        ),
    )  # fmt: skip
    return folder


def model(text: str) -> ScriptedModel:
    return ScriptedModel(Script(text=text))


async def test_figures_tell_gain_and_forgetting_and_survive_json(tmp_path: Path) -> None:
    figures = await examine(model("three"), model("five"), release(tmp_path / "r"), seed=1)

    assert (figures.score_base, figures.score_tuned, figures.gain) == (0.0, 1.0, 1.0)
    assert figures.gain_ci == (1.0, 1.0)
    assert figures.known_base >= figures.known_tuned
    assert Figures.from_json(json.loads(json.dumps(figures.to_json()))) == figures
    assert {group["name"] for group in figures.details["withheld"]["groups"]} == {
        str(skill) for skill in WITHHELD[:4]
    }


async def test_a_second_examination_asks_nothing_again(tmp_path: Path) -> None:
    folder = release(tmp_path / "r")
    first = await examine_fully(model("three"), model("five"), folder, seed=1, cache=tmp_path / "c")
    base, tuned = model("three"), model("five")

    again = await examine_fully(base, tuned, folder, seed=1, cache=tmp_path / "c")

    assert again.figures() == first.figures()
    assert base.calls + tuned.calls <= 8  # one check a set and model


async def test_progress_runs_over_all_sets(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []

    await examine(
        model("a"), model("b"), release(tmp_path / "r"), seed=1, on_progress=lambda *at: told.append(at)
    )

    assert [done for done, _ in told] == list(range(1, told[-1][1] + 1))


async def test_a_test_split_without_a_usable_answer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRelease, match="could be scored"):
        await examine(model("a"), model("b"), release(tmp_path / "r", answer="n/a"), seed=1)
