"""The ten benchmarks of the paper's Table 5: its figures, and what VLMEvalKit and lmms-eval call them.

Names, columns and scales are those in the harnesses' sources (VLMEvalKit ``vlmeval/dataset``, lmms-eval
``lmms_eval/tasks``). Values are told in the paper's unit, whatever a harness writes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from stumper.errors import BadSetting


class Harness(StrEnum):
    VLMEVALKIT = "vlmevalkit"
    LMMS_EVAL = "lmms-eval"

    @property
    def called(self) -> str:
        """As its makers write it."""
        return "VLMEvalKit" if self is Harness.VLMEVALKIT else self.value


class Asked(StrEnum):
    """How lmms-eval asks a judge; its tasks read the same variable differently."""

    NOT = "not"
    BY_CLIENT = "by client"
    """``OPENAI_API_URL`` is the address up to /v1."""
    BY_POST = "by post"
    """``OPENAI_API_URL`` is the whole address, to /chat/completions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Where VLMEvalKit writes the figure: ``MODEL_DATASET[_JUDGE]_ENDING.csv`` or ``.json``."""

    datasets: tuple[str, ...]
    """The first is planned; the others are read as well."""
    kind: str
    """The class of ``vlmeval.dataset`` that runs it."""
    ending: str
    columns: tuple[str, ...]
    """Added up."""
    row: tuple[str, str] | None = None
    """Column and what it says in the row that counts, where there are several rows."""
    judged: bool = False
    """Has no score without a judge. Others ask one only where no rule reads the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """What lmms-eval writes of a task."""

    task: str
    names: tuple[tuple[str, ...], ...]
    """Added up; each with its older spellings."""
    times: float = 1.0
    """Brings it to the paper's unit."""
    asked: Asked = Asked.NOT


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    name: str
    """As in the paper."""
    slug: str
    top: float
    """The highest score in the paper's unit: 1, 100, or 2800 for MME."""
    paper_before: float
    """MiniCPM-Llama3-V-2.5-8B."""
    paper_after: float
    """The same, tuned on GAP-VQA."""
    cell: Cell
    metric: Metric

    def needs_judge(self, harness: Harness) -> bool:
        return self.cell.judged if harness is Harness.VLMEVALKIT else self.metric.asked is not Asked.NOT


TEN: Final = (
    Benchmark(
        name="LLaVA-Bench", slug="llava-bench", top=100, paper_before=87.9, paper_after=82.2,
        cell=Cell(
            datasets=("LLaVABench",), kind="LLaVABench", ending="score", row=("split", "overall"),
            columns=("Relative Score (main)",), judged=True,
        ),
        metric=Metric(task="llava_in_the_wild", names=(("gpt_eval_llava_all",),), asked=Asked.BY_CLIENT),
    ),
    Benchmark(
        name="OCRBench", slug="ocrbench", top=100, paper_before=72.4, paper_after=73.1,
        cell=Cell(datasets=("OCRBench",), kind="OCRBench", ending="score", columns=("Final Score Norm",)),
        metric=Metric(task="ocrbench", names=(("ocrbench_accuracy",),), times=100),
    ),
    Benchmark(
        name="MME", slug="mme", top=2800, paper_before=2025.6, paper_after=2040.5,
        cell=Cell(
            datasets=("MME",), kind="ImageYORNDataset", ending="score", columns=("perception", "reasoning"),
        ),
        metric=Metric(
            task="mme", names=(("mme_perception_score", "mme_percetion_score"), ("mme_cognition_score",)),
        ),
    ),
    Benchmark(
        name="RealWorldQA", slug="realworldqa", top=1, paper_before=0.634, paper_after=0.609,
        cell=Cell(datasets=("RealWorldQA",), kind="ImageMCQDataset", ending="acc", columns=("Overall",)),
        metric=Metric(task="realworldqa", names=(("exact_match",),)),
    ),
    Benchmark(
        name="MM-Vet", slug="mm-vet", top=100, paper_before=51.4, paper_after=51.8,
        cell=Cell(
            datasets=("MMVet",), kind="MMVet", ending="score", row=("Category", "Overall"),
            columns=("acc",), judged=True,
        ),
        metric=Metric(task="mmvet", names=(("gpt_eval_score",),), asked=Asked.BY_CLIENT),
    ),
    Benchmark(
        name="MMBench", slug="mmbench", top=1, paper_before=0.752, paper_after=0.742,
        cell=Cell(
            datasets=("MMBench_DEV_EN", "MMBench_DEV_EN_V11"), kind="ImageMCQDataset", ending="acc",
            row=("split", "dev"), columns=("Overall",),
        ),
        metric=Metric(
            task="mmbench_en_dev", names=(("gpt_eval_score",),), times=0.01, asked=Asked.BY_POST,
        ),
    ),
    Benchmark(
        name="HallusionBench", slug="hallusionbench", top=100, paper_before=59.93, paper_after=60.25,
        cell=Cell(
            datasets=("HallusionBench",), kind="ImageYORNDataset", ending="score",
            row=("split", "Overall"), columns=("aAcc",),
        ),
        metric=Metric(task="hallusion_bench_image", names=(("aAcc",),), asked=Asked.BY_POST),
    ),
    Benchmark(
        name="TextVQA", slug="textvqa", top=100, paper_before=76.63, paper_after=76.97,
        cell=Cell(datasets=("TextVQA_VAL",), kind="ImageVQADataset", ending="acc", columns=("Overall",)),
        metric=Metric(task="textvqa_val", names=(("exact_match",),), times=100),
    ),
    Benchmark(
        name="MMMU", slug="mmmu", top=1, paper_before=0.474, paper_after=0.486,
        cell=Cell(
            datasets=("MMMU_DEV_VAL",), kind="MMMUDataset", ending="acc", row=("split", "validation"),
            columns=("Overall",),
        ),
        metric=Metric(task="mmmu_val", names=(("mmmu_acc",),)),
    ),
    Benchmark(
        name="DocVQA", slug="docvqa", top=100, paper_before=84.47, paper_after=84.33,
        cell=Cell(datasets=("DocVQA_VAL",), kind="ImageVQADataset", ending="acc", columns=("Overall",)),
        metric=Metric(task="docvqa_val", names=(("anls",),), times=100),
    ),
)  # fmt: skip


def benchmark_named(slug: str) -> Benchmark:
    """Returns the benchmark of this short name. Raises BadSetting for another."""
    for one in TEN:
        if one.slug == slug.lower():
            return one
    raise BadSetting(f"There is no benchmark {slug!r}. Choose from {', '.join(one.slug for one in TEN)}.")


def chosen(slugs: Iterable[str] | None) -> tuple[Benchmark, ...]:
    """Returns the benchmarks of these short names in the paper's order; all ten for none."""
    named = {benchmark_named(slug).slug for slug in slugs or ()}
    return tuple(one for one in TEN if not named or one.slug in named)
