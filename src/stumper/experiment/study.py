"""An experiment made ready: the release found, its pairs and tests read, the bench set up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from stumper import __version__
from stumper.app import App
from stumper.campaigns import find_campaign
from stumper.errors import BadInput, BadRelease, NotFound
from stumper.experiment.arms import Arm
from stumper.experiment.bench import Bench, Run
from stumper.experiment.controls import Plan, plan_runs
from stumper.experiment.exam import exam
from stumper.experiment.matrix import Played, Runs, plan_matrix, read_played
from stumper.experiment.pool import gather
from stumper.experiment.tuner import RecipeTuner
from stumper.records import Campaign
from stumper.release import queries as releases
from stumper.release.withdraw.renew import ensure_current
from stumper.vlm.base import Model, open_model

_SECONDS_A_PAIR = 0.25
_SECONDS_A_RUN = 25.0
"""On two cores, the shipped model; only the time left is reckoned from them, and the runs correct it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What whoever runs an experiment chose."""

    out: Path
    tuner: RecipeTuner
    seeds: Sequence[int]
    seed: int
    """Of what is drawn for the tests, and of the bootstrap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What the figures are of."""

    campaign: str
    round: int
    release: str
    played: str
    """The model that was played."""
    recipe: str
    ordinary: str
    """Where ordinary questions come from."""
    notes: tuple[str, ...]
    apart: bool
    """Whether no player of the test is in an arm."""
    stumper: str = __version__

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "notes": list(self.notes)}


class Prepared(NamedTuple):
    """The controls, ready to be made."""

    bench: Bench
    plan: Plan
    about: About


class PreparedMatrix(NamedTuple):
    """The matrix, ready to be made."""

    bench: Bench
    releases: list[Played]
    runs: Runs


async def prepare_controls(
    app: App,
    choice: Choice,
    *,
    release: str | None,
    base: str,
    arms: Sequence[Arm],
    sizes: Sequence[int] | None,
) -> Prepared:
    """Reads the settings' campaign, and its release of this id (None: the newest).

    Raises NotFound without such a campaign or release, Conflict for one that was withdrawn, BadInput if there
    are too few pairs.
    """
    campaign, folder = await _release(app, release)
    pool = await gather(app, campaign, folder)
    tests, notes = await exam(pool, folder, app.files, seed=choice.seed)
    plan = plan_runs(pool.sources, base=base, arms=arms, seeds=choice.seeds, sizes=sizes)
    if not plan.runs:
        raise BadInput("No arm has enough pairs: " + "; ".join(f"{a}: {w}" for a, w in plan.left_out.items()))
    if not pool.apart:
        notes.append(f"Players of the test are in the arms too, because {pool.manifest.why_not_apart}.")
    about = About(
        campaign=campaign.name,
        round=pool.manifest.round,
        release=pool.manifest.id,
        played=pool.played,
        recipe=choice.tuner.told(base),
        ordinary=pool.sources.ordinary,
        notes=tuple(notes),
        apart=pool.apart,
    )

    async def picture(image_id: str) -> bytes:
        return await app.files.get(pool.files[image_id])

    return Prepared(_bench(choice, tests, picture, app.settings.model_secrets), plan, about)


async def _release(app: App, release: str | None) -> tuple[Campaign, Path]:
    async with app.database.read() as tx:
        campaign = await find_campaign(tx, app.settings.campaign)
        found = await (releases.get(tx, release) if release else releases.latest(tx, campaign.id))
    if found is None or found.campaign_id != campaign.id:
        raise NotFound(
            f"Campaign {campaign.name!r} has no release{f' {release}' if release else ''}. Build one with "
            "`stumper release build`, or see `stumper release list`."
        )
    await ensure_current(app.database, found.id)
    # a data folder that was moved holds its releases all the same
    moved = app.settings.data / "releases" / found.id
    return campaign, moved if moved.is_dir() else Path(found.path)


async def prepare_matrix(
    folders: Sequence[Path],
    choice: Choice,
    *,
    models: Sequence[str],
    pairs: int | None,
    secrets: dict[str, str],
) -> PreparedMatrix:
    """Reads the releases. Raises BadRelease."""
    played = await asyncio.to_thread(read_played, folders)
    pictures = {str(row.image_id): one.folder / row.image for one in played for row in one.rows}

    async def picture(image_id: str) -> bytes:
        try:
            return await asyncio.to_thread(pictures[image_id].read_bytes)
        except OSError as error:
            raise BadRelease(
                f"A picture cannot be read: {error}. Restore the release from a copy."
            ) from error

    tests = {one.id: list(one.test) for one in played}
    runs = plan_matrix(played, models, seeds=choice.seeds, pairs=pairs)
    return PreparedMatrix(_bench(choice, tests, picture, secrets), played, runs)


def _bench(
    choice: Choice,
    tests: dict[str, Any],
    picture: Callable[[str], Awaitable[bytes]],
    secrets: dict[str, str],
) -> Bench:
    async def opened(ref: str) -> Model:
        return await open_model(ref, secrets=secrets)

    return Bench(
        out=choice.out,
        tuner=choice.tuner,
        how=choice.tuner.how,
        open_model=opened,
        read_picture=picture,
        tests=tests,
    )


def seconds(bench: Bench, bases: Iterable[str], runs: Iterable[Run]) -> dict[str, float]:
    """Returns what is still to be made, by name, with the seconds that it may take."""
    to_make = [run for run in runs if not bench.is_done(run)]
    return dict.fromkeys(bases, _SECONDS_A_RUN) | {
        run.name: _SECONDS_A_RUN + _SECONDS_A_PAIR * len(run.pairs) for run in to_make
    }
