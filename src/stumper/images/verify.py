"""Candidates become controls only if the model knows them: it answers every probe right, or they are refused.

An answer that does not come says nothing about the picture: it stays a candidate and is asked about next
time.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from stumper.errors import BadInput, ModelError, NotFound
from stumper.images.files import Files
from stumper.images.probes import Prober, known_probes, says
from stumper.images.queries import of_kind, require_campaign, set_kind
from stumper.records import CampaignId, Image, ImageKind
from stumper.store.database import Database
from stumper.vlm.base import Model

_PICTURES_AT_ONCE: Final = 8


class _Outcome(StrEnum):
    KNOWN = "known"
    NOT_KNOWN = "not known"
    NO_PROBES = "no probes"
    NO_ANSWER = "no answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """What became of every candidate; ``undecided`` ones stay candidates."""

    tainted: int
    refused: int
    undecided: int
    reason: str = ""
    """Why some are undecided: the model's last error, or that nothing is known about them."""


async def verify(
    database: Database,
    files: Files,
    model: Model,
    *,
    campaign_id: CampaignId,
    probes: Prober | None = None,
    need: float = 1.0,
    same: Callable[[str, str], bool] = says,
    on_progress: Callable[[int, int], None] | None = None,
) -> VerifyReport:
    """Asks ``model`` about every candidate; it is tainted if the share ``need`` of the answers is right.

    ``probes`` knows the truth (default: scene graph or annotations), ``same(answer, expected)`` compares.
    ``on_progress(done, all)`` is told after each picture. Each picture is written by itself, so a stop loses
    nothing. Raises NotFound for the campaign.
    """
    if not 0 < need <= 1:
        raise BadInput(f"The share of right answers cannot be {need}. Give more than 0 and at most 1.")
    async with database.read() as tx:
        await require_campaign(tx, campaign_id)
        candidates = await of_kind(tx, campaign_id, ImageKind.CANDIDATE)
    asked = _Asked(database, files, model, probes or known_probes(), need, same)
    places = asyncio.Semaphore(_PICTURES_AT_ONCE)

    async def one(image: Image) -> None:
        async with places:
            await asked.about(image)
        if on_progress is not None:
            on_progress(asked.outcomes.total(), len(candidates))

    async with asyncio.TaskGroup() as tasks:
        for image in candidates:
            tasks.create_task(one(image))
    return asked.report()


@dataclass(slots=True)
class _Asked:
    """One verification under way."""

    database: Database
    files: Files
    model: Model
    probes: Prober
    need: float
    same: Callable[[str, str], bool]
    outcomes: Counter[_Outcome] = field(default_factory=Counter)
    reason: str = ""

    async def about(self, image: Image) -> None:
        said: list[str] = []
        try:
            outcome = await self._outcome(image, said)
        except (ModelError, NotFound) as error:
            self.reason = str(error)
            outcome = _Outcome.NO_ANSWER
        if outcome is _Outcome.KNOWN:
            async with self.database.begin() as tx:
                await set_kind(tx, image.campaign_id, image.id, kind=ImageKind.TAINTED, said=said)
        elif outcome is _Outcome.NOT_KNOWN:
            async with self.database.begin() as tx:
                await set_kind(tx, image.campaign_id, image.id, kind=ImageKind.REFUSED)
        self.outcomes[outcome] += 1

    async def _outcome(self, image: Image, said: list[str]) -> _Outcome:
        """Asks until the outcome is clear; notes the answers in ``said``."""
        data = await self.files.get(image.file)
        probes = await self.probes(image, data)
        if not probes:
            self.reason = self.reason or (
                "Nothing is known about some pictures. Add them with annotations (--coco), or name "
                "a reference model."
            )
            return _Outcome.NO_PROBES
        misses_allowed = (1 - self.need) * len(probes) + 1e-9
        misses = 0
        for probe in probes:
            answer = await self.model.answer(data, probe.question)
            said.append(answer.text)
            misses += not self.same(answer.text, probe.answer)
            if misses > misses_allowed:
                return _Outcome.NOT_KNOWN
        return _Outcome.KNOWN

    def report(self) -> VerifyReport:
        counts = self.outcomes
        return VerifyReport(
            tainted=counts[_Outcome.KNOWN],
            refused=counts[_Outcome.NOT_KNOWN],
            undecided=counts[_Outcome.NO_PROBES] + counts[_Outcome.NO_ANSWER],
            reason=self.reason,
        )
