"""Candidates become controls only if the model knows them: it answers every probe right, or they are refused.

Of a tenth of the complex pictures it is noted what the model knows about them: they can be controls too, for
questions that ask just that (decision 22).

An answer that does not come says nothing about the picture: it stays a candidate and is asked about next
time.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from stumper.errors import BadInput, ModelError, NotFound
from stumper.images.files import Files
from stumper.images.probes import Probe, Prober, known_probes, says
from stumper.images.queries import of_kind, require_campaign, set_kind, set_known
from stumper.records import CampaignId, Image, ImageKind
from stumper.store.database import Database
from stumper.vlm.base import Model

_PICTURES_AT_ONCE: Final = 8
COMPLEX_SHARE: Final = 0.1
"""A session has .75 of a complex control, and each serves 200 times: a few pictures serve many players."""
COMPLEX_PROBES: Final = 48
WORTH: Final = 3
"""Fewer truths about a picture are seldom asked for."""


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


async def verify_complex(
    database: Database,
    files: Files,
    model: Model,
    *,
    campaign_id: CampaignId,
    share: float = COMPLEX_SHARE,
    probes: Prober | None = None,
    same: Callable[[str, str], bool] = says,
    on_progress: Callable[[int, int], None] | None = None,
) -> int:
    """Asks ``model`` about complex pictures until something is known of the ``share`` 0..1 of them.

    Only those with a scene graph or annotations can be compared. A picture stays what it is: most players get
    it as one whose truth is unknown. Returns of how many more something is known now; ``on_progress(done,
    wanted)`` is told after every few. Raises BadInput for the share.
    """
    if not 0 <= share <= 1:
        raise BadInput(f"The share of complex pictures cannot be {share}. Give 0 to 1.")
    async with database.read() as tx:
        pictures = await of_kind(tx, campaign_id, ImageKind.UNTAINTED)
    wanted = math.ceil(share * len(pictures)) - sum(bool(image.known) for image in pictures)
    waiting = [image for image in pictures if not image.known and (image.scene or image.labels)]
    asked = _Asked(database, files, model, probes or known_probes(n=COMPLEX_PROBES), 1.0, same)
    while waiting and (lacking := wanted - asked.outcomes[_Outcome.KNOWN]) > 0:
        some = waiting[: min(lacking, _PICTURES_AT_ONCE)]
        del waiting[: len(some)]
        await asyncio.gather(*(asked.complex(image) for image in some))
        if on_progress is not None:
            on_progress(asked.outcomes[_Outcome.KNOWN], wanted)
    return asked.outcomes[_Outcome.KNOWN]


def _binary(probe: Probe) -> bool:
    """The opposite of a yes needs no look at the picture, so it is not worth falsifying."""
    return probe.answer.casefold().split()[0] in ("yes", "no")


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

    async def complex(self, image: Image) -> None:
        """Notes what the model knows of a complex picture, if that is enough."""
        try:
            data = await self.files.get(image.file)
            probes = [probe for probe in await self.probes(image, data) if not _binary(probe)]
            known = [
                {"question": probe.question, "answer": probe.answer}
                for probe in probes
                if self.same((await self.model.answer(data, probe.question)).text, probe.answer)
            ]
        except (ModelError, NotFound) as error:
            self.reason = str(error)
            self.outcomes[_Outcome.NO_ANSWER] += 1
            return
        enough = len(known) >= WORTH
        if enough:
            async with self.database.begin() as tx:
                await set_known(tx, image.campaign_id, image.id, known)
        self.outcomes[_Outcome.KNOWN if enough else _Outcome.NOT_KNOWN] += 1

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
