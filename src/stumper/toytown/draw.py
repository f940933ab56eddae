"""A scene as a picture. The look of each kind is in `art`; here they are placed, with shadows, far to near.

Sprites are drawn larger and reduced, and kept: at 96 px a scene is then mostly a few pastes (see `_sprite`).
"""

from __future__ import annotations

import functools
import random
from dataclasses import replace
from typing import Final

from PIL import Image, ImageDraw, ImageFilter

from stumper.toytown.art import SPRITES
from stumper.toytown.art.pen import INK, Pen
from stumper.toytown.art.places import PLACES
from stumper.toytown.world import FLYING_KINDS, GRID, SHAPES, Scene, Thing

_PLACE_VARIANTS: Final = 8
"""Looks of one place (clouds, hills, tufts); a picture takes one by its seed."""
_SHADOW: Final = 70
"""Opacity of the shadow below a thing, 0 to 255."""


def draw(scene: Scene, size_px: int = 640) -> Image.Image:
    """Returns the square picture of a scene (RGB).

    People see 512 px and more, the tiny model 96 px; both have the same edges (`world.GRID`).
    Raises ValueError below 32 px.
    """
    if size_px < 32:
        raise ValueError(f"a scene cannot be drawn at {size_px} px: use 32 or more")
    picture = _place(scene.background, scene.seed % _PLACE_VARIANTS, size_px).copy()
    for thing in far_to_near(scene):
        left, top, width, height = _frame(thing, size_px)
        if thing.kind not in FLYING_KINDS:
            shadow = _shadow(width, max(3, height // 5))
            x, y = left + (width - shadow.width) // 2, top + height - round(shadow.height * 0.62)
            picture.paste(INK, (x, y), shadow)
        sprite = _sprite(_look(thing), width, height)
        picture.paste(sprite, (left, top), sprite)
    return picture


def far_to_near(scene: Scene) -> list[Thing]:
    """Returns the things in the order they are painted: what stands lower in the picture is nearer."""
    order = {thing.id: thing.bottom for thing in scene.things}
    for relation in scene.relations:
        if relation.name == "on":
            order[relation.subject] = order[relation.object] + 0.001
    return sorted(scene.things, key=lambda thing: (order[thing.id], thing.id))


def _frame(thing: Thing, size_px: int) -> tuple[int, int, int, int]:
    """Returns left, top, width and height in pixels."""
    edges = (thing.x - thing.w / 2, thing.y - thing.h / 2, thing.x + thing.w / 2, thing.y + thing.h / 2)
    left, top, right, bottom = (round(edge * size_px) for edge in edges)
    return left, top, right - left, bottom - top


def _look(thing: Thing) -> Thing:
    """Returns the thing without number and place, so that equal looks share a sprite."""
    return replace(thing, id=0, x=0.0, y=0.0, w=0.0, h=0.0, size="")


def _finer(px: int) -> int:
    """Returns how many times larger a sprite is drawn before it is reduced: small ones need more."""
    return 6 if px < 48 else 4 if px < 130 else 3


@functools.lru_cache(maxsize=6000)
def _sprite(look: Thing, width: int, height: int) -> Image.Image:
    # 6,000 sprites of 30 x 30 px are 22 MB; at 640 px a run of the game keeps a few hundred of them.
    finer = _finer(max(width, height))
    pen = Pen((width * finer, height * finer), SHAPES[look.kind], mirrored=look.facing == "left")
    SPRITES[look.kind](pen, look)
    return pen.image.reduce(finer)


@functools.lru_cache(maxsize=500)
def _shadow(width: int, height: int) -> Image.Image:
    soft = max(1, height // 3)
    mask = Image.new("L", (width + 4 * soft, height + 4 * soft))
    oval = _ellipse_mask(width, height)
    mask.paste(oval, (2 * soft, 2 * soft))
    return mask.filter(ImageFilter.GaussianBlur(soft * 0.8)).point(
        [value * _SHADOW // 255 for value in range(256)]
    )


def _ellipse_mask(width: int, height: int) -> Image.Image:
    mask = Image.new("L", (width * 4, height * 4))
    ImageDraw.Draw(mask).ellipse((width * 0.2, 0, width * 3.8, height * 4 - 1), fill=255)
    return mask.reduce(4)


@functools.lru_cache(maxsize=64)
def _place(name: str, variant: int, size_px: int) -> Image.Image:
    finer = 4 if size_px < 200 else 2
    pen = Pen((size_px * finer, size_px * finer), (GRID, GRID))
    PLACES[name](pen, random.Random(f"place:{name}:{variant}"))
    return pen.image.convert("RGB").reduce(finer)
