"""Pictures drawn from Toytown's scene graphs: easy ones as candidates for controls, busy ones as targets."""

from __future__ import annotations

import asyncio
import io
import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final

from stumper.images.files import Files
from stumper.images.gallery import Gallery
from stumper.images.ingest import IngestReport, image_id_of
from stumper.images.look import look
from stumper.images.queries import hung, insert_new, sources, split_seed
from stumper.records import CampaignId, Image, ImageKind
from stumper.store.database import Database
from stumper.toytown.draw import draw
from stumper.toytown.sample import sample_scene
from stumper.toytown.world import Scene

SIZE_PX: Final = 640
LICENCE: Final = "CC0 1.0"
"""Nobody took these pictures: whoever draws them may do anything with them."""
_DRAWN_AT_ONCE: Final = 16
_WORTH_PROCESSES: Final = 100
_SEEDS_A_SET: Final = 1_000_000  # even, so that a scene's seed is odd where its number is


async def add_toytown(
    database: Database,
    files: Files,
    *,
    campaign_id: CampaignId,
    n: int,
    seed: int,
    now: float,
    on_progress: Callable[[int, int], None] | None = None,
) -> IngestReport:
    """Draws ``n`` pictures: the even ones simple (candidates), the odd ones complex (untainted).

    The same ``seed`` draws the same pictures, and a larger ``n`` begins with the smaller one's; pictures
    already in the pool are known and left alone. Raises NotFound for the campaign.
    """
    async with database.read() as tx:
        seed_of_split = await split_seed(tx, campaign_id)
        gallery = Gallery(await hung(tx, campaign_id), seed=seed_of_split)
        there = await sources(tx, campaign_id)
    scenes = [_scene(number, seed) for number in range(n) if _source(_seed(number, seed)) not in there]
    added = alike = 0
    with _drawers(len(scenes)) as drawers:
        for start in range(0, len(scenes), _DRAWN_AT_ONCE):
            some = scenes[start : start + _DRAWN_AT_ONCE]
            pictures = [_picture(files, drawers, scene, campaign_id=campaign_id, now=now) for scene in some]
            drawn = []
            for picture in await asyncio.gather(*pictures):
                record, older = gallery.hang(picture)
                drawn.append(record)
                alike += older is not None
            async with database.begin() as tx:
                added += len(await insert_new(tx, drawn))
            if on_progress is not None:
                on_progress(start + len(some), len(scenes))
    return IngestReport(added, n - added, (), alike)


@contextmanager
def _drawers(scenes: int) -> Iterator[Executor]:
    """Processes for many pictures (drawing holds the lock), threads for a few (processes start late)."""
    if scenes < _WORTH_PROCESSES:
        # Two, as packing a PNG lets go of the lock: it takes a third of a picture's time.
        with ThreadPoolExecutor(2) as threads:
            yield threads
    else:
        # Spawned, not forked: a fork would inherit the event loop's threads and locks.
        with ProcessPoolExecutor(
            os.cpu_count(), mp_context=multiprocessing.get_context("spawn")
        ) as processes:
            yield processes


def _seed(number: int, seed: int) -> int:
    return seed * _SEEDS_A_SET + number


def _scene(number: int, seed: int) -> Scene:
    return sample_scene(_seed(number, seed), style="complex" if number % 2 else "simple")


def _source(scene_seed: int) -> str:
    """Names a drawn picture by its seed, from which it can be drawn again."""
    return f"Toytown, seed {scene_seed}"


async def _picture(
    files: Files, drawers: Executor, scene: Scene, *, campaign_id: CampaignId, now: float
) -> Image:
    data, seen = await asyncio.get_running_loop().run_in_executor(drawers, _drawn, scene)
    return Image(
        id=image_id_of(data),
        campaign_id=campaign_id,
        file=await files.put(data, suffix=".png"),
        kind=ImageKind.UNTAINTED if scene.seed % 2 else ImageKind.CANDIDATE,
        width_px=SIZE_PX,
        height_px=SIZE_PX,
        source=_source(scene.seed),
        licence=LICENCE,
        objects=len(scene.things),
        scene=scene.to_json(),
        look=seen,
        created_at=now,
    )


def png(scene: Scene) -> bytes:
    """Returns the picture of a scene as it is stored."""
    return _drawn(scene)[0]


def _drawn(scene: Scene) -> tuple[bytes, str]:
    """Returns the stored picture of a scene and its look."""
    # PNG, not WebP: a third larger (37 to 64 KB against 23 to 42 KB), but encoded in a tenth of the time (27
    # ms against 200 to 245 ms), and 600 pictures are drawn while somebody waits.
    buffer = io.BytesIO()
    picture = draw(scene, SIZE_PX)
    picture.save(buffer, "PNG")
    return buffer.getvalue(), look(picture)
