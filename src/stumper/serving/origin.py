"""How a model came to be, as its card tells it: from the run's own file, the database and the release."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from stumper.app import App
from stumper.errors import BadRelease, BadSetting
from stumper.release.manifest import read_manifest
from stumper.serving import queries
from stumper.tune.lora import DONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What is known of a tuning; empty or None where it is not."""

    base: str = ""
    recipe: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    run: Mapping[str, Any] = field(default_factory=dict)
    """Pairs, replayed, steps, loss, seconds."""
    release: str = ""
    """Its id."""
    campaign: str = ""
    round: int | None = None
    licence: str = ""
    """Of the questions and answers that it was tuned on."""
    scores: Mapping[str, Any] = field(default_factory=dict)
    """The figures of its evaluation (`evaluate.closing.Figures`)."""


_RUN = ("pairs", "replayed", "steps", "loss", "seconds", "stumper", "machine")


def origin_in(folder: Path, *, release: Path | None = None) -> Origin:
    """Returns what a run left in its folder, and what the release says that it was tuned on.

    Raises BadRelease for a folder that is no release, BadSetting if the run's file cannot be read.
    """
    path = folder / DONE
    try:
        told = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        found = Origin(
            base=str(told.get("base") or ""),
            recipe=told.get("recipe") or {},
            seed=told.get("seed"),
            run={name: told[name] for name in _RUN if name in told},
        )
    except (OSError, ValueError, AttributeError) as error:
        raise BadSetting(f"{path} cannot be read: {error}. Remove it, or tune again.") from error
    return with_release(found, release) if release else found


def with_release(origin: Origin, release: Path) -> Origin:
    """Adds what the release says of itself. Raises BadRelease for a folder that is none."""
    manifest = read_manifest(release)
    return replace(
        origin,
        release=manifest.id,
        campaign=manifest.campaign,
        round=manifest.round,
        licence=manifest.licence,
    )


async def known_origin(app: App, refs: Sequence[str], *, otherwise: Origin) -> Origin:
    """Returns what the database knows of a tuned model under any of its references; else ``otherwise``.

    The release's folder may be gone: then its licence is not known.
    """
    async with app.database.read() as tx:
        row = await queries.tuned(tx, refs)
    if row is None:
        return otherwise
    found = replace(
        otherwise,
        base=row.base_ref,
        recipe=row.recipe,
        seed=row.seed,
        run={name: row.figures[name] for name in _RUN if name in row.figures},
        release=row.release_id,
        scores=row.scores or {},
    )
    try:
        return with_release(found, Path(row.release_path))
    except BadRelease:
        return found
