"""python benchmarks/looks.py [--scenes 2000] [--altered 300] [--pool 100000]

How well looks tell pictures apart: pairs of different Toytown scenes that are called alike (none should be),
and altered copies that are (all should be); then seconds to group a pool of random looks.
"""

from __future__ import annotations

import argparse
import io
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from stumper.images.look import alike, groups, look
from stumper.records import ImageId
from stumper.toytown.draw import draw
from stumper.toytown.sample import sample_scene
from stumper.toytown.world import COLOURS, Scene

SIZE_PX = 640
CUT = 0.03
Drawn = tuple[Scene, Image.Image]


def jpeg(picture: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer)


def cut(
    picture: Image.Image, *, left: float = 0, top: float = 0, right: float = 0, bottom: float = 0
) -> Image.Image:
    """Cuts shares of the sides away."""
    width, height = picture.size
    box = (left * width, top * height, (1 - right) * width, (1 - bottom) * height)
    return picture.crop(tuple(round(edge) for edge in box))  # type: ignore[arg-type]


def copies(picture: Image.Image) -> Iterator[tuple[str, Image.Image]]:
    """Yields what people and web sites do to a picture, which should look alike."""
    width, height = picture.size
    frame = {"left": CUT / 2, "top": CUT / 2, "right": CUT / 2, "bottom": CUT / 2}
    yield "half the size", picture.resize((width // 2, height // 2), Image.Resampling.LANCZOS)
    yield "twice the size", picture.resize((width * 2, height * 2), Image.Resampling.BICUBIC)
    yield "JPEG of quality 40", jpeg(picture, 40)
    yield "3 % cut all around", cut(picture, **frame)
    yield "3 % cut at one side", cut(picture, left=CUT)
    yield "10 % lighter", ImageEnhance.Brightness(picture).enhance(1.1)
    yield "10 % darker", ImageEnhance.Brightness(picture).enhance(0.9)
    small = cut(picture, **frame).resize((width // 2, height // 2))
    yield "cut, halved, lighter, JPEG 40", jpeg(ImageEnhance.Brightness(small).enhance(1.1), 40)


def others(scene: Scene, picture: Image.Image) -> Iterator[tuple[str, Image.Image]]:
    """Yields what is another picture to a question, however near it is."""
    thing = scene.things[0]
    colour = COLOURS[(COLOURS.index(thing.colour) + 1) % len(COLOURS)] if thing.colour in COLOURS else "red"
    changed = (replace(thing, colour=colour), *scene.things[1:])
    yield "one thing in another colour", draw(replace(scene, things=changed), SIZE_PX)
    yield "mirrored", ImageOps.mirror(picture)


def false_pairs(looks: list[str]) -> int:
    return sum(alike(one, other) for one, other in combinations(looks, 2))


def recalls(drawn: Iterator[Drawn]) -> dict[str, float]:
    """Returns the share of altered pictures that look like their original, by alteration."""
    found: Counter[str] = Counter()
    pictures = 0
    for scene, picture in drawn:
        pictures += 1
        own = look(picture)
        for name, other in [*copies(picture), *others(scene, picture)]:
            found[name] += alike(own, look(other))
    return {name: found[name] / pictures for name in found}


def scene_of(number: int) -> Scene:
    """Every second is busy, as in a campaign."""
    return sample_scene(number, style="complex" if number % 2 else "simple")


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--scenes", type=int, default=2_000)
    options.add_argument("--altered", type=int, default=300)
    options.add_argument("--pool", type=int, default=100_000)
    given = options.parse_args()
    looks, worked = [], 0.0
    for number in range(given.scenes):
        picture = draw(scene_of(number), SIZE_PX)
        began = time.process_time()
        looks.append(look(picture))
        worked += time.process_time() - began
    pairs = given.scenes * (given.scenes - 1) // 2
    print(
        f"{false_pairs(looks)} of {pairs:,} pairs of different scenes alike, "
        f"{worked / given.scenes * 1e3:.1f} ms a look"
    )
    for name, share in recalls(
        (scene_of(n), draw(scene_of(n), SIZE_PX)) for n in range(given.altered)
    ).items():
        print(f"{name:30} {share:6.1%}")
    rng = np.random.default_rng(1)
    pool = {ImageId(str(number)): rng.bytes(32).hex() for number in range(given.pool)}
    began, worked = time.perf_counter(), time.process_time()
    groups(pool)
    print(
        f"{given.pool:,} looks grouped: {time.perf_counter() - began:.1f} s, "
        f"{time.process_time() - worked:.1f} s of one core"
    )


if __name__ == "__main__":
    main()
