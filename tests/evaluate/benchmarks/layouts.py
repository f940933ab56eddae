"""Result files as the two harnesses lay them out, with figures of our own."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

KIT = {
    "llava-bench": 80.0, "ocrbench": 61.5, "mme": 1700.0, "realworldqa": 0.51, "mm-vet": 40.0,
    "mmbench": 0.62, "hallusionbench": 48.0, "textvqa": 70.5, "mmmu": 0.4, "docvqa": 80.25,
}  # fmt: skip
"""What the files below come to, in the paper's units."""

RUN = "T20260131_Gabcdef01"


def table(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    """Writes what ``DataFrame.to_csv(quoting=QUOTE_ALL)`` writes; tabs for .tsv."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        between = "\t" if path.suffix == ".tsv" else ","
        writer = csv.DictWriter(
            file, list(rows[0]), quoting=csv.QUOTE_ALL, lineterminator="\n", delimiter=between
        )
        writer.writeheader()
        writer.writerows(rows)
    return path


def sheet(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    """Writes the parts of an .xlsx file that xlsxwriter fills: shared texts, numbers as such."""
    shared: list[str] = []

    def cell(column: int, number: int, value: object) -> str:
        place = f"{chr(65 + column)}{number}"
        if isinstance(value, int | float):
            return f'<c r="{place}"><v>{value}</v></c>'
        shared.append(f"<si><t>{escape(str(value))}</t></si>")
        return f'<c r="{place}" t="s"><v>{len(shared) - 1}</v></c>'

    lines = [list(rows[0]), *[list(row.values()) for row in rows]]
    body = "".join(
        f'<row r="{number}">{"".join(cell(i, number, v) for i, v in enumerate(line) if v != "")}</row>'
        for number, line in enumerate(lines, start=1)
    )
    names = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr(
            "xl/worksheets/sheet1.xml", f"<worksheet {names}><sheetData>{body}</sheetData></worksheet>"
        )
        packed.writestr("xl/sharedStrings.xml", f"<sst {names}>{''.join(shared)}</sst>")
    return path


def kit(folder: Path, *, model: str = "before") -> Path:
    """Writes a run of all ten by VLMEvalKit; returns the run's folder."""
    run = folder / model / RUN
    start = f"{model}_"

    def one(name: str, *rows: Mapping[str, object]) -> None:
        table(run / f"{start}{name}.csv", rows)

    one(
        "LLaVABench_score",
        {"split": "overall", "Relative Score (main)": 80.0, "VLM Score": 64.0, "GPT4 Score": 80.0},
        {"split": "conv", "Relative Score (main)": 70.0, "VLM Score": 60.0, "GPT4 Score": 85.7},
    )
    sheet(
        run / f"{start}LLaVABench_openai_result.xlsx",
        [{"index": i, "prediction": "A cat.", "gpt4_score": 8, "score": 6.4} for i in range(4)],
    )
    (run / f"{start}OCRBench_score.json").write_text(
        json.dumps({"Text Recognition": 200, "Final Score": 615, "Final Score Norm": 61.5}, indent=4)
    )
    one("MME_score", {"perception": 1300.0, "reasoning": 400.0, "OCR": 125.0, "count": 150.0})
    one("RealWorldQA_acc", {"split": "none", "Overall": 0.51})
    one(
        "MMVet_gpt-4-turbo_score",
        {"Category": "rec", "tot": 3, "acc": 45.0},
        {"Category": "Overall", "tot": 4, "acc": 40.0},
    )
    one("MMVet_gpt-4-turbo_score_fine", {"Category": "Overall", "tot": 4, "acc": 99.0})
    sheet(
        run / f"{start}MMVet_gpt-4-turbo.xlsx",
        [{"index": i, "prediction": "7", "score": 0.4, "log": "Succeed"} for i in range(4)],
    )
    one("MMBench_DEV_EN_acc", {"split": "dev", "Overall": 0.62, "AR": 0.7, "CP": 0.5})
    one(
        "HallusionBench_score",
        {"split": "Overall", "aAcc": 48.0, "fAcc": 20.0, "qAcc": 22.0},
        {"split": "VD", "aAcc": 44.0, "fAcc": 18.0, "qAcc": 20.0},
    )
    one("TextVQA_VAL_acc", {"Overall": 70.5})
    one(
        "MMMU_DEV_VAL_acc",
        {"split": "dev", "Overall": 0.9, "Art": 1.0},
        {"split": "validation", "Overall": 0.4, "Art": 0.5},
    )
    one("DocVQA_VAL_acc", {"val": 80.25, "Overall": 80.25})
    return run


LMMS = {
    "llava_in_the_wild": {"gpt_eval_llava_all,none": 80.0, "gpt_eval_llava_conv,none": 70.0},
    "ocrbench": {"ocrbench_accuracy,none": 0.615, "ocrbench_accuracy_stderr,none": "N/A"},
    "mme": {"mme_cognition_score,none": 400.0, "mme_percetion_score,none": 1300.0},
    "realworldqa": {"exact_match,flexible-extract": 0.51, "exact_match_stderr,flexible-extract": 0.02},
    "mmvet": {"gpt_eval_score,none": 40.0},
    "mmbench_en_dev": {"gpt_eval_score,none": 62.0, "submission,none": []},
    "hallusion_bench_image": {"aAcc,none": 48.0, "fAcc,none": 20.0, "qAcc,none": 22.0},
    "textvqa_val": {"exact_match,none": 0.705, "exact_match_stderr,none": 0.006, "submission,none": None},
    "mmmu_val": {"mmmu_acc,none": 0.4},
    "docvqa_val": {"anls,none": 0.8025, "anls_stderr,none": 0.005},
}


def lmms(
    folder: Path, *, model: str = "before", day: str = "20260131_120000", results: object = None
) -> Path:
    """Writes a run by lmms-eval, of all ten unless told; returns the results' file."""
    path = folder / model / f"{day}_results.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    told = LMMS if results is None else results
    tasks = {task: {"alias": task, **found} for task, found in dict(told).items()}  # type: ignore[call-overload]
    path.write_text(
        json.dumps({"results": tasks, "n-shot": dict.fromkeys(tasks, 0), "model_name": model}, indent=2)
    )
    return path


def samples(results: Path, task: str, rows: Sequence[Mapping[str, object]]) -> Path:
    """Writes what ``--log_samples`` adds beside the results."""
    path = results.with_name(results.name.replace("results.json", f"samples_{task}.jsonl"))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path
