"""A report's data made of Toytown questions and invented answers of a given skill."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from stumper.evaluate.closing import Examination
from stumper.evaluate.consistency import Case, cases, judged
from stumper.evaluate.cost import Cost
from stumper.evaluate.items import KNOWN, WITHHELD, toytown_items
from stumper.evaluate.report import Loop, ReportData
from stumper.evaluate.run import Comparison, Item, compared
from stumper.release.manifest import FORMAT, Manifest


@dataclass(frozen=True)
class Type:
    name: str
    players: int
    trusted: int
    points: float
    payable: float


def said(items: Sequence[Item], share: float, seed: int) -> list[str | None]:
    """Answers that are right with about this probability, by kind of question more or less."""
    rng = random.Random(seed)
    bent = {name: rng.uniform(-0.3, 0.3) if 0.05 < share < 0.9 else 0 for name in {i.group for i in items}}
    return [
        item.reference
        if rng.random() < share + bent[item.group]
        else rng.choice([one for one in item.choices if one != item.reference] or ["red"])
        for item in items
    ]


def comparison(items: Sequence[Item], *, base: float, tuned: float) -> Comparison:
    return compared(
        items, said(items, base, 1), said(items, tuned, 2), base_ref="onnx:", tuned_ref="onnx:t", seed=1
    )


def _right(varied: Sequence[Case], share: float, seed: int) -> list[list[float]]:
    rng = random.Random(seed)
    return [[float(rng.random() < share) for _ in case.all] for case in varied]


def _took(ms: float) -> Cost:
    return Cost(answers=60, mean_ms=ms, p95_ms=3 * ms, tokens=2.4)


def report_data(*, n: int = 60, base: float = 0.03, tuned: float = 0.62) -> ReportData:
    withheld = toytown_items(seed=1, n=n, skills=WITHHELD, style="complex")
    known = toytown_items(seed=1, n=n, skills=KNOWN, style="simple")
    asked = [
        replace(item, group="", choices=())
        for item in toytown_items(seed=2, n=n, skills=WITHHELD, style="complex")
    ]
    varied = cases(asked, seed=1, n=24)
    score = compared(
        asked,
        said(
            [replace(item, choices=other.choices) for item, other in zip(asked, withheld, strict=False)],
            base,
            3,
        ),
        said(
            [replace(item, choices=other.choices) for item, other in zip(asked, withheld, strict=False)],
            tuned,
            4,
        ),
        base_ref="onnx:",
        tuned_ref="onnx:t",
        seed=1,
    )
    categories = {
        "counting": 310,
        "attribute": 190,
        "spatial": 140,
        "text": 96,
        "comparison": 90,
        "scene": 31,
    }
    return ReportData(
        title="toytown, round 1",
        examination=Examination(
            score=replace(score, costs=(_took(40.0), _took(52.5))),
            known=comparison(known, base=0.96, tuned=0.95),
            withheld=comparison(withheld, base=0.05, tuned=tuned),
            consistency=judged(varied, _right(varied, base, 5), _right(varied, tuned, 6), seed=1),
        ),
        curve=((10, 2.4, None), (20, 1.1, 1.3), (30, 0.7, None), (40, 0.5, 0.9)),
        passed=True,
        verdict="It gained and forgot little: the tuned model is the opponent of round 2.",
        manifest=Manifest(
            format=FORMAT, id="0123456789abcdef", digest="0" * 64, campaign="toytown", round=1, seed=1,
            licence="CC BY 4.0", images=412, splits={"train": 600, "val": 86, "test": 171},
            categories=categories, files={},
        ),
        seed=1,
        loop=Loop(sessions=640, exchanges=11_204, claims=2_310, examples=857, precision=0.9713, recall=0.881),
        standings=(
            Type("skilled", 105, 101, 182.4, 180.1),
            Type("careless", 60, 41, 60.2, 55.0),
            Type("always_wrong", 24, 0, -310.0, 0.0),
            Type("always_correct", 12, 0, 0.0, 0.0),
        ),
        facts=(
            ("base", "onnx: (shipped)"),
            ("tuned", "onnx:toytown-round-2"),
            ("took", "10.4 minutes"),
            ("machine", "Linux, 2 cores"),
            ("versions", "stumper 0.1.0, Python 3.11"),
        ),
    )  # fmt: skip
