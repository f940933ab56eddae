"""Draws the share card with Pillow: 1200 x 630, in the game's look, from numbers and our own words only.

Shapes are drawn three times as large and scaled down, for Pillow does not smooth edges. The robot has the
measures of templates/robot.svg.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from stumper.front.i18n import Words, words_in

WIDTH, HEIGHT = 1200, 630
_FONT: Final = Path(__file__).parent / "static" / "fonts" / "fredoka-latin.woff2"
_LATIN: Final = frozenset({"en", "es", "id", "pt"})
"""Languages that the font can write; the others' cards are in English."""
_FINER: Final = 3
_MOST_STARS: Final = 10

_PAPER, _DOT, _CARD, _INK, _SOFT = "#fbf2e1", "#efdfc2", "#fffdf7", "#2d2340", "#675a78"
_TOMATO, _SUN, _WELL, _WASH = "#c8392a", "#ffc43d", "#f0e4cb", "#dfebfc"
_METAL, _METAL_DARK, _SCREEN, _BULB = "#a9c7e8", "#7da4d0", "#fffdf7", "#f1705c"

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFacts:
    """All that a card tells; nothing of who played."""

    caught: int
    falsified: int
    streak: int = 0
    language: str = "en"


@lru_cache(maxsize=256)
def card_png(facts: CardFacts) -> bytes:
    """Returns the card as PNG; equal facts give equal bytes."""
    words = words_in(facts.language if facts.language in _LATIN else "en")
    picture = _ground().copy()
    paint = ImageDraw.Draw(picture)
    # One sentence on three lines: translators see it whole.
    told = words(
        "I caught|{caught} of {falsified}|false answers", caught=facts.caught, falsified=facts.falsified
    )
    above, score, below = told.split("|")
    _write(paint, (560, 132), above, size=44, colour=_SOFT)
    _write(paint, (556, 228), score, size=132, weight=700)
    _write(paint, (560, 330), below, size=52)
    _stars(picture, facts)
    if facts.streak > 1:
        days = words.count("{n} day in a row", "{n} days in a row", facts.streak)
        _write(paint, (560, 467), days, size=34, colour=_SOFT)
    _call(paint, words)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


@cache
def _font(size: int, weight: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(_FONT, size)
    font.set_variation_by_axes([weight])
    return font


def _write(
    paint: ImageDraw.ImageDraw, at: Point, text: str, *, size: int, weight: int = 600, colour: str = _INK
) -> None:
    """Writes a line whose left edge and middle are ``at``; a long one is made smaller to fit."""
    while size > 24 and paint.textlength(text, font=_font(size, weight)) > WIDTH - 80 - at[0]:
        size -= 2
    paint.text(at, text, font=_font(size, weight), fill=colour, anchor="lm")


def _call(paint: ImageDraw.ImageDraw, words: Words) -> None:
    _write(paint, (560, 540), words("Can you stump the robot?"), size=46, weight=700, colour=_TOMATO)
    paint.text((84, 84), "Stumper", font=_font(48, 700), fill=_INK, anchor="lm")


# ---- shapes ----


@cache
def _ground() -> Image.Image:
    """Everything that is the same on all cards: paper, card, and the stumped robot."""
    fine = Image.new("RGB", (WIDTH * _FINER, HEIGHT * _FINER), _PAPER)
    paint = ImageDraw.Draw(fine)
    for y in range(12, HEIGHT, 24):
        for x in range(12, WIDTH, 24):
            _circle(paint, (x * _FINER, y * _FINER), 1.6 * _FINER, fill=_DOT)
    for shift, fill in ((12, _INK), (0, _CARD)):
        box = [36 * _FINER, (32 + shift) * _FINER, (WIDTH - 36) * _FINER, (HEIGHT - 48 + shift) * _FINER]
        paint.rounded_rectangle(box, 44 * _FINER, fill=fill, outline=_INK, width=5 * _FINER)
    _circle(paint, (292 * _FINER, 338 * _FINER), 196 * _FINER, fill=_WASH)
    robot = _robot(3.1 * _FINER)
    fine.paste(robot, (round(106 * _FINER), round(110 * _FINER)), robot)
    return fine.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def _stars(picture: Image.Image, facts: CardFacts) -> None:
    """A star for each false answer, filled where it was caught; at most ten, in proportion."""
    shown = min(facts.falsified, _MOST_STARS)
    if not shown:
        return
    full = round(shown * facts.caught / facts.falsified)
    strip = Image.new("RGBA", (600 * _FINER, 70 * _FINER), (0, 0, 0, 0))
    paint = ImageDraw.Draw(strip)
    for n in range(shown):
        points = _star((32 + 56 * n) * _FINER, 35 * _FINER, 25 * _FINER)
        paint.polygon(points, fill=_SUN if n < full else _WELL)
        paint.line([*points, points[0], points[1]], fill=_INK, width=4 * _FINER, joint="curve")
    small = strip.resize((600, 70), Image.Resampling.LANCZOS)
    picture.paste(small, (552, 378), small)


def _star(x: float, y: float, radius: float) -> list[Point]:
    return [
        (x + size * math.sin(math.pi * n / 5), y - size * math.cos(math.pi * n / 5))
        for n, size in enumerate([radius, radius * 0.5] * 5)
    ]


def _circle(paint: ImageDraw.ImageDraw, at: Point, radius: float, *, fill: str, edge: float = 0) -> None:
    x, y = at
    box = [x - radius, y - radius, x + radius, y + radius]
    paint.ellipse(box, fill=fill, outline=_INK if edge else None, width=round(edge))


class _Pen:
    """Draws in the units of robot.svg on a layer of its own."""

    def __init__(self, scale: float) -> None:
        self.layer = Image.new("RGBA", (round(120 * scale), round(140 * scale)), (0, 0, 0, 0))
        self._paint = ImageDraw.Draw(self.layer)
        self._scale = scale

    def box(self, x: float, y: float, w: float, h: float, r: float, fill: str, edge: float = 3.4) -> None:
        # SVG strokes lie half outside of a shape, Pillow's inside.
        grown = [x - edge / 2, y - edge / 2, x + w + edge / 2, y + h + edge / 2]
        self._paint.rounded_rectangle(
            [value * self._scale for value in grown],
            (r + edge / 2) * self._scale,
            fill=fill,
            outline=_INK,
            width=round(edge * self._scale),
        )

    def dot(self, x: float, y: float, r: float, fill: str, edge: float = 0) -> None:
        at = (x * self._scale, y * self._scale)
        _circle(self._paint, at, (r + edge / 2) * self._scale, fill=fill, edge=edge * self._scale)

    def line(self, points: Sequence[Point], width: float, colour: str = _INK) -> None:
        """A line with round ends and joints."""
        scaled = [(x * self._scale, y * self._scale) for x, y in points]
        self._paint.line(scaled, fill=colour, width=round(width * self._scale), joint="curve")
        for at in scaled:
            _circle(self._paint, at, width * self._scale / 2, fill=colour)


def _curve(start: Point, bend: Point, end: Point) -> list[Point]:
    """Points of a quadratic Bezier curve, SVG's ``q``."""
    return [
        (
            (1 - t) ** 2 * start[0] + 2 * t * (1 - t) * bend[0] + t * t * end[0],
            (1 - t) ** 2 * start[1] + 2 * t * (1 - t) * bend[1] + t * t * end[1],
        )
        for t in (n / 24 for n in range(25))
    ]


def _robot(scale: float) -> Image.Image:
    """Pixel, stumped."""
    body, head = _Pen(scale), _Pen(scale)
    body.line(_curve((34, 99), (18, 101), (17, 116)), 5)
    body.line(_curve((86, 99), (102, 101), (103, 116)), 5)
    for x in (43, 65):
        body.box(x, 118, 12, 14, 5, _METAL_DARK)
    body.box(33, 86, 54, 38, 15, _METAL)
    body.dot(60, 105, 9, _SCREEN, 3)
    body.line([(60, 105), (64.5, 100)], 3, _TOMATO)
    head.line(_curve((60, 24), (59, 18), (60, 14)), 5)
    head.dot(60, 10, 6.5, _BULB, 3)
    for x in (7, 100):
        head.box(x, 45, 13, 22, 6, _METAL_DARK)
    head.box(15, 23, 90, 66, 24, _METAL)
    head.box(23, 31, 74, 50, 18, _SCREEN, 3)
    for x in (38, 70):
        head.line([(x, 45), (x + 12, 57)], 4)
        head.line([(x + 12, 45), (x, 57)], 4)
    for x, bend in ((46, 64), (55, 78), (64, 64)):
        head.line(_curve((x, 71), (x + 4.5, bend), (x + 9, 71)), 4)
    tilted = head.layer.rotate(6, Image.Resampling.BICUBIC, center=(60 * scale, 88 * scale))
    body.layer.alpha_composite(tilted)
    return body.layer
