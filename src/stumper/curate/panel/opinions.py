"""What the panel thinks of claims: asked once for each judge and prompt, kept, and pooled when read.

Opinions are advice to whoever decides a dispute and are held against votes (`calibrate`); they decide
nothing. A claim is *backed* as far as the model's answer is not true of the picture, the correction is, and
the question can be answered: the least of the three.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Final

from stumper.curate.panel import queries
from stumper.curate.panel.ask import Judge, Opinion, together
from stumper.curate.panel.panel import opinions
from stumper.curate.panel.queries import Kept, Pictured
from stumper.curate.panel.rubric import Case, Dimensions, prompt_hash
from stumper.curate.queries import YOUNG_S
from stumper.errors import BadImage, NotFound
from stumper.images.files import Files
from stumper.records import CampaignId, ClaimId
from stumper.store.database import Database

BATCH: Final = 16
"""Claims asked about together; so many may have to be asked again after a stop."""

OnProgress = Callable[[int, int], None]


def _quiet(_done: int, _total: int) -> None:
    return


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one run of asking came to."""

    claims: int = 0
    """Asked about now."""
    kept: int = 0
    """New opinions, unreadable ones included."""
    unreadable: int = 0
    """Kept as missing: the judge answered, and nothing in it would do."""
    away: int = 0
    """Not kept: the endpoint did not answer. The next run asks again."""
    without_picture: int = 0
    """Claims whose picture cannot be had; they are not asked about."""
    faults: tuple[str, ...] = ()
    """One for each reason of something missing, the commonest first."""


def backing(found: Dimensions) -> float | None:
    """Returns how far one judge backs a claim whose correction was the reference, 0..1; None without eyes."""
    if found.grounded is None or found.reference_grounded is None or found.answerable is None:
        return None
    return min(1.0 - found.grounded, found.reference_grounded, found.answerable)


async def ask_about_claims(
    database: Database,
    files: Files,
    judges: Sequence[Judge],
    campaign_id: CampaignId,
    *,
    clock: Callable[[], float],
    limit: int | None = None,
    on_progress: OnProgress = _quiet,
) -> Asked:
    """Asks every judge about the claims it was not asked about, at most ``limit`` of them, and keeps that.

    Killed in the middle, the next call goes on there. Raises ModelRefused (key, address, no vision).
    """
    async with database.read() as tx:
        ids = await queries.claim_ids(tx, campaign_id, before=clock() - YOUNG_S)
    run = _Run(database, files, judges, clock)
    for start in range(0, len(ids), BATCH):
        left = None if limit is None else limit - run.claims
        if left is not None and left <= 0:
            break
        await run.batch(ids[start : start + BATCH], most=left)
        on_progress(run.looked, len(ids))
    return run.asked()


class _Run:
    """One run over a campaign, a batch at a time: read, ask, write, each in its turn."""

    def __init__(
        self, database: Database, files: Files, judges: Sequence[Judge], clock: Callable[[], float]
    ) -> None:
        self._database = database
        self._files = files
        self._judges = judges
        self._clock = clock
        self._faults: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self.looked = 0
        self.claims = 0

    async def batch(self, ids: Sequence[ClaimId], *, most: int | None) -> None:
        async with self._database.read() as tx:
            found = await queries.pictured(tx, ids)
            known = await queries.asked(tx, ids)
        todo = [(one, self._left(one, known)) for one in found]
        todo = [(one, judges) for one, judges in todo if judges][:most]
        told = await together(*(self._ask(one, judges) for one, judges in todo))
        fresh = [each for one in told for each in one]
        async with self._database.begin() as tx:
            await queries.keep(tx, fresh)
        self.looked += len(ids)
        self.claims += sum(bool(one) for one in told)
        self._counts["kept"] += len(fresh)

    def _left(self, one: Pictured, known: set[tuple[ClaimId, str, str]]) -> list[Judge]:
        prompt = prompt_hash(_case(one, b""))
        return [judge for judge in self._judges if (one.claim.id, judge.name, prompt) not in known]

    async def _ask(self, one: Pictured, judges: Sequence[Judge]) -> list[Kept]:
        try:
            case = _case(one, await self._files.get(one.file))
            told = await opinions(case, judges)
        except (BadImage, NotFound) as fault:
            self._counts["without_picture"] += 1
            self._faults[str(fault)] += 1
            return []
        for each in told:
            if each.score is None:
                self._counts["away" if each.away else "unreadable"] += 1
                self._faults[f"{each.judge}: {each.why}"] += 1
        prompt = prompt_hash(case)
        return [_kept(one.claim.id, prompt, each, now=self._clock()) for each in told if not each.away]

    def asked(self) -> Asked:
        faults = tuple(fault for fault, _ in self._faults.most_common(5))
        return Asked(claims=self.claims, faults=faults, **self._counts)


def _case(one: Pictured, picture: bytes) -> Case:
    claim = one.claim
    return Case(
        question=claim.question, reference=claim.correction, answer=claim.model_answer, picture=picture
    )


def _kept(claim_id: ClaimId, prompt: str, one: Opinion, *, now: float) -> Kept:
    score = backing(one.dimensions) if one.dimensions else None
    facts: dict[str, Any] = {"wavering": one.wavering, "why": one.why}
    facts["dimensions"] = asdict(one.dimensions) if one.dimensions else None
    return Kept(claim_id, one.judge, prompt, score, facts, now)


def by_claim(kept: Sequence[Kept]) -> dict[ClaimId, dict[str, float]]:
    """Returns how far each judge backs each claim, by claim and judge, without what is missing."""
    found: dict[ClaimId, dict[str, float]] = defaultdict(dict)
    for one in kept:
        if one.score is not None:
            found[one.claim_id][one.judge] = one.score
    return dict(found)


def pooled(backed: Mapping[str, float], *, least: int = 1) -> float | None:
    """Returns the median of what the judges of one claim say; None if fewer than ``least`` say anything."""
    return median(backed.values()) if len(backed) >= max(1, least) else None
