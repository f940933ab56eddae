"""Kinds of work that can be done to lines, by name, so that any process can open one from plain values.

The plain run of a command opens the same ones: there is one function for every engine and for none.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stumper.config import load
from stumper.curate.classify import classify_many
from stumper.curate.lines import Record, Work, text
from stumper.curate.panel.pairs import Pictures
from stumper.curate.second import NAME, SCHEMA, second_labels
from stumper.errors import BadSetting, ModelError, ModelRefused
from stumper.evaluate.run import Item, ask_all
from stumper.records import Category
from stumper.shards.judging import Scorer, open_scorer
from stumper.shards.results import Told
from stumper.vlm.base import Answer, Model, open_model
from stumper.vlm.openai import open_endpoint
from stumper.vlm.structured import Structured

_FEW: Final = 8
"""Questions that may all be such as the model cannot answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of work, opened."""

    texts: tuple[str, ...]
    """Keys of a line that hold a text; the first is needed."""
    work: Work
    told: Callable[[], Told]
    """What was counted since it was asked last."""


def open_kind(name: str, options: Mapping[str, Any], *, journal: Path) -> AbstractContextManager[Kind]:
    """Opens a kind of work. ``journal`` is a file for what was paid for; several processes may share it.

    Raises BadSetting for options that cannot be, when it is entered.
    """
    return _KINDS[name](options, journal)


@contextmanager
def _classify(options: Mapping[str, Any], _journal: Path) -> Iterator[Kind]:
    """ "model": whom to ask for a second label, or None."""
    shares = Counter[str]()
    with _second(options["model"]) as second:

        def work(records: Sequence[Record]) -> list[Record]:
            labelled = _labelled(records)
            shares.update(one["category"] for one in labelled)
            return second(labelled)

        def told() -> Told:
            found = dict(shares)
            shares.clear()
            return {"categories": found}

        yield Kind(texts=("question", "answer"), work=work, told=told)


def _labelled(records: Sequence[Record]) -> list[Record]:
    found = classify_many(
        [text(record, "question") or "" for record in records],
        [text(record, "answer") or "" for record in records],
    )
    return [
        {**record, "category": one.category.value, "confidence": round(one.confidence, 4)}
        for record, one in zip(records, found, strict=True)
    ]


@contextmanager
def _second(ref: str | None) -> Iterator[Callable[[list[Record]], list[Record]]]:
    """Gives what adds the model's label; without a model nothing is added."""
    if ref is None:
        yield lambda records: records
        return
    endpoint = open_endpoint(ref, key=load().model_secrets.get("openai"))
    asker = Structured(endpoint, SCHEMA, name=NAME)
    with asyncio.Runner() as runner:

        def add(records: list[Record]) -> list[Record]:
            questions = [text(record, "question") or "" for record in records]
            found = runner.run(second_labels(questions, asker))
            return [
                {**record, "second_category": one and one.value}
                for record, one in zip(records, found, strict=True)
            ]

        try:
            yield add
        finally:
            runner.run(endpoint.close())


@contextmanager
def _judge(options: Mapping[str, Any], journal: Path) -> Iterator[Kind]:
    """Options are those of `judging.open_scorer`."""
    texts = ["question", "model_answer", "correct_answer", "modelAnswer", "correctAnswer"]
    texts += ["image"] if options["images"] else []
    with open_scorer(options, journal=journal, key=load().model_secrets.get("openai")) as scorer:
        yield _judging(scorer, tuple(texts))


def _judging(scorer: Scorer, texts: tuple[str, ...]) -> Kind:
    scores = Counter[str]()

    def work(records: Sequence[Record]) -> list[Record]:
        done = scorer.work(records)
        scores.update(repr(float(one["score"])) for one in done if one["score"] is not None)
        return done

    def told() -> Told:
        found = dict(scores)
        scores.clear()
        return {"scores": found, **scorer.told()}

    return Kind(texts=texts, work=work, told=told)


@contextmanager
def _answer(options: Mapping[str, Any], _journal: Path) -> Iterator[Kind]:
    """ "model": whom to ask; "build": which build it must be; "pictures": folder of what "image" names.

    Raises BadSetting, when entered, if this process finds other weights than whoever began.
    """
    with asyncio.Runner() as runner:
        model = runner.run(open_model(options["model"], secrets=load().model_secrets))
        try:
            build = runner.run(model.check()).build
            if build != options["build"]:
                raise BadSetting(
                    f"{options['model']} is build {build} here and {options['build']} where the work began. "
                    "Give every machine the same weights."
                )
            pictures = Pictures(Path(options["pictures"]))
            yield Kind(
                texts=("question", "image"),
                work=lambda records: runner.run(_answered(model, records, pictures)),
                told=dict,
            )
        finally:
            runner.run(model.close())


async def _answered(model: Model, records: Sequence[Record], pictures: Pictures) -> list[Record]:
    """Adds "answer" and what it cost; nothing where the model failed.

    Raises ModelError if it failed at all of more than a few: then it is away, and another time it may answer.
    """
    items = [
        Item(
            id=str(number),
            image=pictures.read(str(record["image"])),
            question=str(record["question"]),
            reference="",
            category=Category.INVALID,  # nothing is scored here
        )
        for number, record in enumerate(records)
    ]
    found: list[Answer | None] = [None] * len(items)
    try:
        found = await ask_all(model, items)
    except ModelRefused:
        raise
    except ModelError:
        if len(items) > _FEW:
            raise
    return [
        record
        if one is None
        else {**record, "answer": one.text, "latency_ms": one.latency_ms, "tokens": one.tokens}
        for record, one in zip(records, found, strict=True)
    ]


_KINDS: Final = {"classify": _classify, "judge": _judge, "answer": _answer}
