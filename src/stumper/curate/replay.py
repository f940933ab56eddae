"""Settled claims as truths about their pictures, so that these can be controls for other players.

Only what is certain and cannot be guessed: an accepted claim says what is right, one that was rejected
because the model was right says that its answer was. Whoever made a claim has seen the picture and never gets
it again. Which answers are falsified is not decided here but in `play.poison` (decision 22).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import TypeAlias

from sqlalchemy.ext.asyncio import AsyncConnection

from stumper.curate.answers import normal
from stumper.curate.belief import SURE, Cause
from stumper.images.queries import load_many, set_known
from stumper.records import CampaignId, Claim, ClaimStatus, Image, ImageId, ImageKind

Truth: TypeAlias = dict[str, str]
"""Question, answer, and the claim that settled it."""


async def replay(tx: AsyncConnection, campaign_id: CampaignId, claims: Iterable[Claim]) -> int:
    """Writes what these claims, as they are decided now, say about their pictures; takes back what they said.

    Truths from elsewhere stay. Returns how many pictures changed; a second call changes none.
    """
    by_image: dict[ImageId, list[Claim]] = defaultdict(list)
    for claim in claims:
        by_image[claim.image_id].append(claim)
    changed = 0
    for image in await load_many(tx, campaign_id, sorted(by_image)):
        own = by_image[image.id]
        known = told(image, own)
        if known != (image.known or []) and image.kind is ImageKind.UNTAINTED:
            await set_known(tx, campaign_id, image.id, known)
            changed += 1
    return changed


def told(image: Image, claims: Collection[Claim]) -> list[Truth]:
    """Returns what is known of a picture once these claims about it were looked at again (pure).

    What claims say comes last, by claim.
    """
    looked_at: set[str] = {claim.id for claim in claims}
    known = [truth for truth in image.known or [] if truth.get("claim") not in looked_at]
    known += [truth for claim in claims if (truth := _truth(claim)) is not None]
    return sorted(known, key=lambda truth: truth.get("claim", ""))


def _truth(claim: Claim) -> Truth | None:
    answer = _settled_answer(claim)
    if claim.same_as is not None or answer is None or normal(answer) in ("yes", "no"):
        return None
    return {"question": claim.question, "answer": answer, "claim": claim.id}


def _settled_answer(claim: Claim) -> str | None:
    """Returns the right answer to the claim's question; None while one is not certain of it."""
    posterior = 0.5 if claim.posterior is None else claim.posterior
    if claim.status is ClaimStatus.ACCEPTED and posterior >= SURE:
        return claim.correction
    right = claim.status is ClaimStatus.REJECTED and claim.reason == Cause.MODEL_RIGHT.value
    return claim.model_answer if right and posterior <= 1.0 - SURE else None
