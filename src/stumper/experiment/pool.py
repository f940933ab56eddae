"""What a release and its campaign hold for the controls: what the arms are drawn from, and the tests."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from stumper.app import App
from stumper.curate.belief import Cause
from stumper.curate.pipeline import pseudonym
from stumper.experiment import queries
from stumper.experiment.arms import AskOrdinary, Example, Sources
from stumper.experiment.queries import Asked, Picture
from stumper.experiment.sides import sides_of
from stumper.images.look import groups
from stumper.images.queries import hung
from stumper.records import Campaign, CampaignId, PlayerId, Split
from stumper.release.formats import read_rows
from stumper.release.manifest import Manifest, read_manifest
from stumper.toytown.questions import Skill, ask, askable
from stumper.toytown.world import Scene

_NEVER: Final = frozenset(
    {Cause.INSULT, Cause.DOUBTFUL_WORDS, Cause.PERSONAL, Cause.FLAGGED, Cause.FORGOTTEN}
)
"""Claims that nothing is tuned on, validated or not."""
_FULL: Final = 0.3
"""Share of answers in a full sentence, as simulated players write them."""
_DRAWN: Final = (
    "of all that can be asked about the scene, evenly, in players' words, answered by the scene graph"
)
_CONFIRMED: Final = "what trusted players of the same round asked and found answered rightly"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """What the release's own round left behind."""

    manifest: Manifest
    played: str
    """Reference of the model that was played."""
    sources: Sources
    files: Mapping[str, str]
    """Key of each picture's bytes."""
    drawn: bool
    """Whether the pictures are Toytown's, about which every answer is known."""
    confirmed: tuple[Asked, ...]
    """Of the test's pictures and players: answers of the model that a trusted player found right."""
    apart: bool
    """Whether no player of the test is in an arm."""


async def gather(app: App, campaign: Campaign, release: Path) -> Pool:
    """Reads a release and its round. Raises BadRelease, and NotFound if the campaign has no such round."""
    manifest = read_manifest(release)
    async with app.database.read() as tx:
        played = await queries.round_of(tx, campaign.id, manifest.round)
        looks = {one.id: one.look for one in await hung(tx, campaign.id)}
        pictures = await queries.pictures(tx, campaign.id)
        claims = await queries.claims(tx, played.id, without=_NEVER)
        accepted = await queries.accepted(tx, played.id)
        confirmed = await queries.confirmed(tx, played.id, trust_e=campaign.rules.trust_e)
    sides = await asyncio.to_thread(lambda: sides_of(release, groups(looks)))
    names = _Names(campaign.id)
    trained = [
        tuple(_example(one) for one in some if one.image_id in pictures and sides.trains(*names.of(one)))
        for some in (accepted, claims, confirmed)
    ]
    scenes = {image_id: one.scene for image_id, one in pictures.items() if one.scene}
    return Pool(
        manifest=manifest,
        played=played.model_ref,
        sources=Sources(
            accepted=trained[0],
            claimed=trained[1],
            released=_released(release, manifest.round, pictures),
            ask=_from_scenes(scenes) if scenes else _from_players(trained[2]),
            ordinary=_DRAWN if scenes else _CONFIRMED,
        ),
        files={image_id: one.file for image_id, one in pictures.items()},
        drawn=bool(scenes),
        confirmed=tuple(one for one in confirmed if one.image_id in pictures and sides.tests(*names.of(one))),
        apart=sides.apart,
    )


class _Names:
    """Players under the names that the release knows them by."""

    def __init__(self, campaign_id: CampaignId) -> None:
        self._known = cache(lambda player_id: pseudonym(campaign_id, player_id))

    def of(self, one: Asked) -> tuple[str, str]:
        """Returns picture and pseudonym, as `Sides` asks for them."""
        return one.image_id, self._known(PlayerId(one.player_id))


def _example(one: Asked) -> Example:
    return Example(image_id=one.image_id, question=one.question, answer=one.answer)


def _released(release: Path, round_number: int, pictures: Mapping[str, Picture]) -> tuple[Example, ...]:
    """The training split, as far as it was collected in the release's own round."""
    return tuple(
        Example(image_id=row.image_id, question=row.question, answer=row.answer, weight=row.weight)
        for row in read_rows(release, Split.TRAIN)
        if row.round == round_number and row.image_id in pictures
    )


def _from_scenes(scenes: Mapping[str, dict[str, object]]) -> AskOrdinary:
    """Asks about the scene behind a picture: every skill that can be asked about it is as likely."""

    @cache
    def known(image_id: str) -> tuple[Scene, Sequence[Skill]]:
        scene = Scene.from_json(scenes[image_id])
        return scene, askable(scene)

    def ordinary(image_id: str, rng: random.Random) -> Example | None:
        if image_id not in scenes:
            return None
        scene, skills = known(image_id)
        question = ask(scene, rng.choice(skills), rng, wording="player") if skills else None
        if question is None:
            return None
        answer = question.full if rng.random() < _FULL else question.answer
        return Example(image_id=image_id, question=question.text, answer=answer)

    return ordinary


def _from_players(confirmed: Sequence[Example]) -> AskOrdinary:
    """Hands out what players found answered rightly about a picture, each of it once a set."""
    by_image: dict[str, list[Example]] = {}
    for one in confirmed:
        by_image.setdefault(one.image_id, []).append(one)

    def ordinary(image_id: str, rng: random.Random) -> Example | None:
        return rng.choice(by_image[image_id]) if image_id in by_image else None

    return ordinary
