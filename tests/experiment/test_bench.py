"""Runs are made once: kept, found again, gone on with after a kill, and missing where they fail."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from stumper.errors import BadSetting, Conflict, ModelUnavailable
from stumper.experiment.arms import Example
from stumper.experiment.bench import Run, make_all
from stumper.tune.pairs import read_pairs
from tests.experiment.fakes import FakeTuner, Models, bench, items, pairs

TESTS = {"caught": items("cat", 4), "ordinary": items("dog", 3)}
RUN = Run(name="arm-8-1", base="onnx:", seed=1, pairs=pairs(8))


def quiet(*_: object) -> None:
    return


def test_a_run_keeps_what_was_said_and_deletes_the_weights(tmp_path: Path) -> None:
    tuner, models = FakeTuner(), Models({RUN.name: [TESTS["caught"][0].question]})
    one = bench(tmp_path, TESTS, tuner, models)

    texts = asyncio.run(one.answers(RUN, quiet))

    assert texts == {"caught": ["yes", "no", "no", "no"], "ordinary": ["no"] * 3}
    assert {path.name for path in (tmp_path / "runs" / RUN.name).iterdir()} == {
        "train.jsonl",
        "tuned.json",
        "answers.json",
    }
    assert list((tmp_path / "tuning").iterdir()) == []
    assert one.is_done(RUN)


def test_a_finished_run_is_not_made_again(tmp_path: Path) -> None:
    first = asyncio.run(bench(tmp_path, TESTS, FakeTuner(), Models()).answers(RUN, quiet))
    tuner, models = FakeTuner(), Models()

    assert asyncio.run(bench(tmp_path, TESTS, tuner, models).answers(RUN, quiet)) == first
    assert tuner.tuned == []
    assert models.opened == []


def test_a_run_killed_while_it_was_asked_asks_only_the_rest(tmp_path: Path) -> None:
    class Killed(Models):
        async def __call__(self, ref: str):  # type: ignore[no-untyped-def]
            model = await super().__call__(ref)
            answer = model.answer

            async def dies(image: bytes, question: str):  # type: ignore[no-untyped-def]
                if question == TESTS["ordinary"][-1].question:
                    raise KeyboardInterrupt
                return await answer(image, question)

            model.answer = dies  # type: ignore[method-assign]
            return model

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(bench(tmp_path, TESTS, FakeTuner(), Killed()).answers(RUN, quiet))
    models = Models()
    one = bench(tmp_path, TESTS, FakeTuner(), models)
    assert not one.is_done(RUN)

    texts = asyncio.run(one.answers(RUN, quiet))

    assert texts["caught"] == ["no"] * 4
    assert models.calls == 2 + 1  # one look at the build for each test, and the question that was left


def test_another_experiment_in_the_folder_is_refused(tmp_path: Path) -> None:
    one = bench(tmp_path, TESTS, FakeTuner(), Models())
    asyncio.run(one.answers(RUN, quiet))

    for other, changed in (
        (one, replace(RUN, pairs=pairs(8, prefix="other"))),
        (one, replace(RUN, seed=2)),
        (replace(one, how="otherwise"), RUN),
        (replace(one, tests={"caught": items("cow", 4)}), RUN),
    ):
        with pytest.raises(Conflict, match="other pairs, questions or settings"):
            other.is_done(changed)


def test_the_pairs_are_what_tuning_reads(tmp_path: Path) -> None:
    run = replace(RUN, pairs=[Example(image_id="p1", question="<image> what?", answer="a\u2028</s>")])
    asyncio.run(bench(tmp_path, TESTS, FakeTuner(), Models()).answers(run, quiet))

    (pair,) = read_pairs(tmp_path / "runs" / run.name / "train.jsonl")

    assert pair.image.is_file()
    assert (pair.prompt, pair.completion) == ("< image> what?", "a\u2028< /s>")


def test_a_run_that_fails_is_missing_and_the_others_go_on(tmp_path: Path) -> None:
    runs = [replace(RUN, name=name) for name in ("one", "two", "three")]
    one = bench(tmp_path, TESTS, FakeTuner(fails=frozenset({"two"})), Models())

    made = asyncio.run(make_all(one, runs, quiet))

    assert set(made.texts) == {"one", "three"}
    assert made.missing == {"two": "The loss of two is nan."}


def test_if_all_fail_the_last_error_says_why(tmp_path: Path) -> None:
    one = bench(tmp_path, TESTS, FakeTuner(fails=frozenset({RUN.name})), Models())
    with pytest.raises(BadSetting, match="nan"):
        asyncio.run(make_all(one, [RUN], quiet))

    with pytest.raises(ModelUnavailable):
        asyncio.run(bench(tmp_path, TESTS, FakeTuner(), Models(fail_every=1)).base_answers("onnx:", quiet))


def test_progress_grows_to_the_end(tmp_path: Path) -> None:
    heard: list[float] = []
    one = bench(tmp_path, TESTS, FakeTuner(), Models())
    asyncio.run(one.answers(RUN, lambda done, total: heard.append(done / total)))

    assert heard[0] == 0.0
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
