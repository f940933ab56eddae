"""Result files of the real layouts: read to the paper's units, failures and gaps told, never guessed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stumper.errors import BadDataset, BadSetting, NotFound
from stumper.evaluate.benchmarks import (
    BOUND,
    TEN,
    Harness,
    Reading,
    Row,
    compare,
    read_pair,
    read_results,
)
from stumper.evaluate.benchmarks.reading import lines_of
from tests.evaluate.benchmarks.layouts import KIT, LMMS, kit, lmms, samples, sheet, table


def values(folder: Path) -> dict[str, float]:
    return {slug: one.value for slug, one in read_results(folder).readings.items()}


@pytest.mark.parametrize(("write", "harness"), [(kit, Harness.VLMEVALKIT), (lmms, Harness.LMMS_EVAL)])
def test_all_ten_are_read_to_the_papers_units(tmp_path: Path, write: object, harness: Harness) -> None:
    write(tmp_path)  # type: ignore[operator]

    found = read_results(tmp_path)

    assert found.harness is harness
    assert found.model == "before"
    assert {slug: one.value for slug, one in found.readings.items()} == pytest.approx(KIT)
    assert not any(one.failed for one in found.readings.values())


def test_what_was_not_run_is_missing_and_not_nought(tmp_path: Path) -> None:
    kit(tmp_path)
    for path in tmp_path.rglob("*TextVQA*"):
        path.unlink()

    row = next(row for row in compare(None, read_results(tmp_path)).rows if row.benchmark.slug == "textvqa")

    assert row.after is None
    assert row.told(row.after) == row.told(row.change) == "–"
    assert not row.lost
    assert row.to_json()["after"] is None


@pytest.mark.parametrize("write", [sheet, table])
def test_questions_without_a_verdict_of_mm_vets_judge_are_left_out(tmp_path: Path, write: object) -> None:
    run = kit(tmp_path)
    (run / "before_MMVet_gpt-4-turbo.xlsx").unlink()
    suffix = "xlsx" if write is sheet else "tsv"
    scores = [
        (0.8, "Succeed"),
        (0.4, "Try 0: output is \n, failed.\nSucceed"),
        (0.0, "All 5 retries failed.\n"),
    ]
    rows = [{"index": i, "score": score, "log": log} for i, (score, log) in enumerate(scores)]
    write(run / f"before_MMVet_gpt-4-turbo.{suffix}", rows)  # type: ignore[operator]

    found = read_results(tmp_path)

    assert found.readings["mm-vet"].value == pytest.approx(60.0)
    assert found.readings["mm-vet"].failed == 1
    assert any("MM-Vet: the judge failed on 1 of 3" in note for note in found.notes)


def test_questions_without_a_verdict_of_llava_benchs_judge_are_left_out(tmp_path: Path) -> None:
    run = kit(tmp_path)
    pairs = [(8, 6), (9, 9), (-1, -1)]
    sheet(
        run / "before_LLaVABench_openai_result.xlsx",
        [{"index": i, "gpt4_score": other, "score": own} for i, (other, own) in enumerate(pairs)],
    )

    reading = read_results(tmp_path).readings["llava-bench"]

    assert reading.value == pytest.approx(100 * 15 / 17)
    assert reading.failed == 1


def test_a_judge_that_never_answered_makes_the_benchmark_missing(tmp_path: Path) -> None:
    run = kit(tmp_path)
    rows = [{"index": i, "score": 0.0, "log": "All 5 retries failed."} for i in range(3)]
    sheet(run / "before_MMVet_gpt-4-turbo.xlsx", rows)

    found = read_results(tmp_path)

    assert "mm-vet" not in found.readings
    assert any("none of 3 questions" in note for note in found.notes)


def test_verdicts_that_are_not_there_are_said_to_be_unknown(tmp_path: Path) -> None:
    (kit(tmp_path) / "before_MMVet_gpt-4-turbo.xlsx").unlink()

    found = read_results(tmp_path)

    assert found.readings["mm-vet"].value == 40.0
    assert any("cannot be seen" in note for note in found.notes)


def test_lmms_evals_samples_tell_where_the_judge_failed(tmp_path: Path) -> None:
    path = lmms(tmp_path)
    verdicts = [
        {"score": 0.9, "eval_model": "judge"},
        {"score": 0.3, "eval_model": "judge"},
        {"score": 0.0, "eval_model": ""},
    ]
    samples(path, "mmvet", [{"doc_id": i, "gpt_eval_score": one} for i, one in enumerate(verdicts)])
    wild = [{"scores": [8, 4], "eval_model": "judge"}, {"scores": [-1, -1], "eval_model": "Failed Request"}]
    samples(
        path, "llava_in_the_wild", [{"doc_id": i, "gpt_eval_llava_all": one} for i, one in enumerate(wild)]
    )

    found = read_results(tmp_path)

    assert found.readings["mm-vet"].value == pytest.approx(60.0)
    assert found.readings["llava-bench"].value == pytest.approx(50.0)
    assert [found.readings[slug].failed for slug in ("mm-vet", "llava-bench")] == [1, 1]
    assert any(note.startswith("HallusionBench: lmms-eval does not show") for note in found.notes)


def test_questions_the_model_did_not_answer_are_counted(tmp_path: Path) -> None:
    failed = "Failed to obtain answer via API. "
    run = kit(tmp_path / "before")
    sheet(
        run / "before_MME.xlsx", [{"index": i, "prediction": said} for i, said in enumerate(["Yes", failed])]
    )
    other = lmms(tmp_path / "lmms")
    said = ([""], [[""]], ["[LMMS_EVAL_REQUEST_FAILED after 5 retries] no route"], ["7"], [["", "7"]])
    samples(other, "ocrbench", [{"doc_id": i, "filtered_resps": one} for i, one in enumerate(said)])

    assert read_results(tmp_path / "before").readings["mme"].unanswered == 1
    assert read_results(tmp_path / "lmms").readings["ocrbench"].unanswered == 3
    told = compare(read_results(tmp_path / "before"), None)
    assert "before, MME: questions that the model did not answer, which count as wrong: 1." in told.notes


def test_the_newest_run_counts_and_links_to_it_do_no_harm(tmp_path: Path) -> None:
    run = kit(tmp_path)
    newer = run.with_name("T20260201_Gabcdef01")
    path = table(newer / "before_RealWorldQA_acc.csv", [{"split": "none", "Overall": 0.75}])
    os.utime(path, (1, 1))
    (run.parent / path.name).symlink_to(path)

    assert values(tmp_path)["realworldqa"] == 0.75

    lmms(tmp_path / "two", day="20260131_120000")
    lmms(tmp_path / "two", day="20260201_090000", results={"mmmu_val": {"mmmu_acc,none": 0.5}})

    assert values(tmp_path / "two")["mmmu"] == 0.5
    assert values(tmp_path / "two")["docvqa"] == pytest.approx(80.25)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("before_RealWorldQA_acc.csv", ""),
        ("before_RealWorldQA_acc.csv", '"split","Overall"\n'),
        ("before_RealWorldQA_acc.csv", '"split","Over'),
        ("before_RealWorldQA_acc.csv", '"split","Overall"\n"none"\n'),
        ("before_RealWorldQA_acc.csv", '"split","Hit"\n"none","0.5"\n'),
        ("before_MMMU_DEV_VAL_acc.csv", '"split","Overall"\n"dev","0.5"\n"test","0.5"\n'),
        ("before_OCRBench_score.json", '{"Final Score": 6'),
        ("before_OCRBench_score.json", "[1]"),
        ("before_MMVet_gpt-4-turbo.xlsx", "PK half"),
        ("20260131_120000_results.json", '{"results": {"mmvet"'),
        ("20260131_120000_results.json", '{"results": []}'),
        ("results.json", "[]"),
    ],
)
def test_a_half_written_file_is_named_with_the_way_out(tmp_path: Path, name: str, text: str) -> None:
    run = tmp_path if "results" in name else kit(tmp_path)
    (run / name).write_text(text)

    with pytest.raises(BadDataset, match=rf"{name} is not whole.*again"):
        read_results(tmp_path)


def test_a_cut_line_of_samples_is_refused(tmp_path: Path) -> None:
    path = lmms(tmp_path)
    kept = samples(path, "mmvet", [{"doc_id": 0}])
    kept.write_text(kept.read_text() + '{"doc_id": 1, "gpt_ev')

    with pytest.raises(BadDataset, match=r"samples_mmvet\.jsonl is not whole"):
        read_results(tmp_path)


def test_a_line_ends_where_the_harness_ended_it(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    path.write_text('{"said": "a\u2028b"}\n{"said": "c"}\n', encoding="utf-8")

    assert [row["said"] for row in lines_of(path)] == ["a\u2028b", "c"]


def test_a_figure_that_is_none_is_missing_and_said_so(tmp_path: Path) -> None:
    lmms(tmp_path, results={"mmmu_val": {"mmmu_acc,none": None}, "docvqa_val": {"anls,none": "N/A"}})

    found = read_results(tmp_path)

    assert found.readings == {}
    assert len(found.notes) == 2


def test_another_scale_is_refused_and_not_guessed(tmp_path: Path) -> None:
    lmms(tmp_path, results={"mmmu_val": {"mmmu_acc,none": 40.0}})

    with pytest.raises(BadDataset, match="40 for MMMU, which goes from 0 to 1"):
        read_results(tmp_path)


def test_folders_that_are_not_of_one_model_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no folder"):
        read_results(tmp_path / "nowhere")
    (tmp_path / "mmbench_en_dev_results.json").write_text("{}")
    with pytest.raises(BadDataset, match=r"holds no results.*mmbench_en_dev_results"):
        read_results(tmp_path)
    kit(tmp_path)
    kit(tmp_path, model="other")
    with pytest.raises(BadDataset, match=r"2 models \(before, other\)"):
        read_results(tmp_path)
    lmms(tmp_path / "both")
    kit(tmp_path / "both")
    with pytest.raises(BadDataset, match="VLMEvalKit and of lmms-eval"):
        read_results(tmp_path / "both")


def test_a_model_may_be_called_like_a_benchmark(tmp_path: Path) -> None:
    kit(tmp_path, model="MME_tuned_MMVet")

    assert read_results(tmp_path).model == "MME_tuned_MMVet"
    assert values(tmp_path) == pytest.approx(KIT)


def test_the_paper_lost_three_by_this_bound() -> None:
    lost = [row.benchmark.slug for row in compare(None, None).rows if row.paper_lost]

    assert lost == ["llava-bench", "realworldqa", "mmbench"]


def test_before_and_after_of_a_plan_are_compared(tmp_path: Path) -> None:
    kit(tmp_path / "before")
    run = kit(tmp_path / "after", model="after")
    table(run / "after_RealWorldQA_acc.csv", [{"split": "none", "Overall": 0.5}])
    table(run / "after_TextVQA_VAL_acc.csv", [{"Overall": 70.0}])

    found = compare(*read_pair(tmp_path))

    rows = {row.benchmark.slug: row for row in found.rows}
    assert rows["realworldqa"].change == pytest.approx(-0.01)
    assert [row.benchmark.slug for row in found.lost] == ["realworldqa"], "half a point of 100 is the bound"
    assert (
        found.verdict == "1 of 10 benchmarks run before and after fell by more than the bound: RealWorldQA."
    )
    assert [row.benchmark.slug for row in compare(*read_pair(tmp_path), bound=0).lost] == [
        "realworldqa",
        "textvqa",
    ]


def test_sides_that_cannot_be_compared_are_refused(tmp_path: Path) -> None:
    kit(tmp_path / "a")
    lmms(tmp_path / "b")
    run = kit(tmp_path / "c")
    (run / "before_MMBench_DEV_EN_acc.csv").rename(run / "before_MMBench_DEV_EN_V11_acc.csv")
    a, b, c = (read_results(tmp_path / name) for name in "abc")

    with pytest.raises(BadDataset, match="VLMEvalKit and after by lmms-eval"):
        compare(a, b)
    with pytest.raises(BadDataset, match="MMBench_DEV_EN before and on MMBench_DEV_EN_V11"):
        compare(a, c)
    with pytest.raises(BadSetting, match="no share"):
        compare(a, a, bound=2)


@given(change=st.floats(-0.5, 0.5))
def test_only_a_fall_beyond_the_bound_is_a_loss(change: float) -> None:
    for one in TEN:
        before = Reading(value=one.top / 2, dataset="x")
        after = Reading(value=one.top * (0.5 + change), dataset="x")
        row = Row(benchmark=one, before=before, after=after)
        if abs(change + BOUND) > 1e-6:
            assert row.lost == (change < -BOUND)


texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=20)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=st.lists(texts, min_size=1, max_size=4))
def test_a_sheet_reads_as_the_table_does(tmp_path: Path, told: list[str]) -> None:
    rows = [{"index": i, "said": text} for i, text in enumerate(told)]

    as_sheet = lines_of(sheet(tmp_path / "one.xlsx", rows))
    as_table = lines_of(table(tmp_path / "one.tsv", rows))

    assert as_sheet == as_table == [{"index": str(i), "said": text} for i, text in enumerate(told)]


def test_the_names_are_those_of_the_harnesses() -> None:
    assert {one.metric.task for one in TEN} == set(LMMS)
    assert [one.slug for one in TEN] == list(KIT)
