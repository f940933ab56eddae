"""Votes in the chat: a picture, a question, two answers, and a button for each ruling."""

from __future__ import annotations

import random
from contextlib import suppress

from stumper.curate.desk.dealing import ClaimView, Empty, next_claim, why_empty
from stumper.curate.peers import vote
from stumper.errors import Conflict
from stumper.front.queries import claim_file
from stumper.front.referee import MEANS, Ruling
from stumper.front.telegram import wording
from stumper.front.telegram.client import Button
from stumper.front.telegram.talk import Talk
from stumper.records import ClaimId, Flag


async def referee(talk: Talk) -> None:
    """/referee: the next claim, or why there is none."""
    await talk.nod()
    await talk.keep(claim_id=None)
    await _next(talk)


async def _next(talk: Talk) -> None:
    claim = await next_claim(talk.app.database, talk.me, now=talk.app.clock(), rng=random.SystemRandom())
    if claim is None:
        await _empty(talk)
    elif claim.id != talk.stand.claim_id:
        await _show(talk, claim)


async def _show(talk: Talk, claim: ClaimView) -> None:
    async with talk.app.database.read() as tx:
        file = await claim_file(tx, claim.id)
    sent = await talk.parts.telegram.photo(
        talk.chat_id,
        await talk.app.files.get(file),
        caption=_case(talk, claim),
        buttons=wording.ruling_buttons(talk.words, claim.id),
    )
    await talk.keep(claim_id=claim.id, claim=sent)


def _case(talk: Talk, claim: ClaimView) -> str:
    words = talk.words
    return "\n".join(
        (
            "❓ " + claim.question,
            "🤖 " + words("Pixel says: {answer}", answer=claim.model_answer),
            "👤 " + words("A player says: {answer}", answer=claim.correction),
            "",
            words("Who is right?"),
        )
    )


async def _empty(talk: Talk) -> None:
    words = talk.words
    told = {
        Empty.NOT_TRUSTED: words(
            "Referees are players whose eyes we know. A few careful sessions make you one."
        ),
        Empty.NOT_SURE: words("We are not sure of your votes at the moment. Play a few sessions with care."),
        Empty.NOTHING_WAITS: words("Nothing waits for a referee now. Come back later."),
    }
    await talk.keep(claim_id=None, claim=None)
    await talk.say(
        told[await why_empty(talk.app.database, talk.me, now=talk.app.clock())],
        buttons=[[Button(words("Play"), "play")]],
    )


async def rule(talk: Talk) -> None:
    """A ruling was tapped: it becomes a vote, and the next claim comes. A button of long ago does nothing."""
    named, _, claim_id = talk.argument.partition(":")
    if named not in set(Ruling) or talk.stand.claim_id != claim_id:
        await talk.nod(talk.words("That is behind us already."))
        return
    ruling = Ruling(named)
    model_wrong, correction_right = MEANS[ruling]
    # Others may have decided the case, or this vote was kept and the bot died: the next one comes.
    with suppress(Conflict):
        await vote(
            talk.app.database,
            talk.me,
            ClaimId(claim_id),
            model_wrong=model_wrong,
            correction_right=correction_right,
            unanswerable=ruling in (Ruling.UNANSWERABLE, Ruling.FLAG),
            flag=Flag.NONSENSE if ruling is Ruling.FLAG else None,
            now=talk.app.clock(),
            rng=random.SystemRandom(),
        )
    await talk.nod(talk.words("Thank you!"))
    if talk.stand.claim is not None:
        await talk.parts.telegram.edit_caption(
            talk.chat_id, talk.stand.claim, talk.words("You have judged this one. Thank you!")
        )
    await _next(talk)
