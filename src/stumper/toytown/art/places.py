"""The places of Toytown: pale backgrounds, painted in units of 1/96 of the picture.

They hold no thing of any kind and no saturated colour, so that what stands in them is seen and counted.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from stumper.toytown.art.pen import WHITE, Colour, Pen, arc, blob, box, mix, oval

_HORIZON: Final = 25


def meadow(pen: Pen, rng: random.Random) -> None:
    """Paints hills, a sun and tufts of grass."""
    _sky(pen, (190, 228, 250), (232, 246, 252))
    _sun(pen, rng.choice((12, 48, 84)), 8)
    _clouds(pen, rng)
    _hill(pen, rng, 21, (196, 226, 180))
    _hill(pen, rng, 26, (206, 234, 176))
    _ground(pen, 30, (212, 238, 178), (190, 224, 150))
    for _ in range(40):
        x, y = rng.uniform(2, 94), rng.uniform(33, 95)
        for lean in (-1.0, 0.0, 1.0):
            pen.line([(x, y), (x + lean, y - 1.8)], (166, 206, 130), 0.45)


def beach(pen: Pen, rng: random.Random) -> None:
    """Paints the sea, rippled sand, shells and starfish."""
    _sky(pen, (188, 230, 250), (238, 248, 252))
    _sun(pen, rng.choice((14, 80)), 8)
    _clouds(pen, rng)
    pen.fill(box(-1, 18, 97, 40, 0), (150, 212, 226), line=0)
    for row, wave in enumerate((21.5, 24.5, 27.5)):
        for crest in range(-6 + 5 * (row % 2), 100, 10):
            pen.line(arc(crest, wave, 2.6, 1.1, 200, 340), (206, 238, 244), 0.6)
    shore = [(x, 31 + 1.3 * math.sin(x / 6 + rng.random())) for x in range(-2, 100, 3)]
    pen.fill([*shore, (98, 97), (-2, 97)], (248, 252, 250), line=0)
    pen.fill([*((x, y + 1.4) for x, y in shore), (98, 97), (-2, 97)], (250, 234, 198), line=0)
    for _ in range(26):
        x, y = rng.uniform(0, 90), rng.uniform(36, 95)
        pen.line(
            blob((x, y), (x + 2.5, y - 0.7), (x + 5, y), (x + 7.5, y - 0.6), closed=False),
            (236, 214, 168),
            0.5,
        )
    for _ in range(5):
        _star(pen, rng.uniform(4, 92), rng.uniform(38, 94), 1.5, (244, 206, 166))


def street(pen: Pen, rng: random.Random) -> None:
    """Paints a pale skyline, a pavement and a road."""
    _sky(pen, (206, 226, 242), (244, 242, 236))
    _clouds(pen, rng)
    x = -2.0
    while x < 98:
        width, height = rng.uniform(7, 13), rng.uniform(8, 19)
        colour = mix((204, 208, 224), (222, 214, 222), rng.random())
        pen.fill(box(x, 28 - height, x + width, 32, 0.6), colour, line=0)
        for wx in range(1, int(width) - 1, 3):
            for wy in range(2, int(height) - 1, 3):
                pen.fill(
                    box(x + wx, 28 - height + wy, x + wx + 1.3, 29.4 - height + wy, 0),
                    (236, 234, 226),
                    line=0,
                )
        x += width
    _ground(pen, 28, (222, 220, 222), (222, 220, 222))
    pen.fill(box(-1, 36, 97, 67, 0), (196, 197, 206), line=0)
    for dash in range(-4, 100, 14):
        pen.fill(box(dash, 50.6, dash + 8, 52, 0.4), (240, 240, 236), line=0)
    for kerb in (35.4, 66.6):
        pen.fill(box(-1, kerb, 97, kerb + 1.4, 0), (236, 234, 232), line=0)
    for y in range(74, 97, 7):
        pen.line([(-1, y), (97, y)], (208, 205, 208), 0.5)
        for joint in range(-8 + y % 2 * 6, 100, 12):
            pen.line([(joint, y), (joint - 2, y + 7)], (208, 205, 208), 0.5)


def snow(pen: Pen, rng: random.Random) -> None:
    """Paints white mountains, drifts and falling flakes."""
    _sky(pen, (186, 204, 230), (226, 234, 246))
    for peak in (8, 34, 62, 88):
        top, foot = rng.uniform(6, 13), rng.uniform(15, 20)
        pen.fill([(peak - foot, 34), (peak, top), (peak + foot, 34)], (200, 212, 234), line=0)
        pen.fill(
            [
                (peak - 5, top + 7),
                (peak, top),
                (peak + 5, top + 7),
                (peak + 1.5, top + 5),
                (peak - 1.5, top + 8),
            ],
            (244, 248, 253),
            line=0,
        )
    _ground(pen, 28, (240, 245, 252), (226, 234, 247))
    for _ in range(12):
        x, y = rng.uniform(0, 90), rng.uniform(36, 94)
        pen.line(arc(x, y, rng.uniform(4, 8), 1.6, 190, 350), (208, 220, 240), 0.7)
    for _ in range(46):
        pen.dot(rng.uniform(1, 95), rng.uniform(1, 95), rng.uniform(0.4, 0.95), WHITE)


def night(pen: Pen, rng: random.Random) -> None:
    """Paints the moon, stars and dim hills."""
    _sky(pen, (66, 72, 122), (112, 112, 164))
    for _ in range(26):
        pen.dot(rng.uniform(1, 95), rng.uniform(1, 24), rng.uniform(0.25, 0.6), (248, 244, 214))
    for _ in range(4):
        _star(pen, rng.uniform(4, 92), rng.uniform(3, 18), 1.5, (250, 240, 190))
    x = rng.choice((14, 50, 82))
    pen.fill(oval(x, 10, 7), (252, 244, 208), line=0)
    for dx, dy, r in ((-2, -1, 1.4), (2, 2, 1.1), (2.4, -2.6, 0.8)):
        pen.dot(x + dx, 10 + dy, r, (236, 226, 186))
    _hill(pen, rng, 22, (112, 122, 160))
    _hill(pen, rng, 26, (124, 136, 170))
    _ground(pen, 30, (140, 152, 184), (120, 132, 168))
    for _ in range(34):
        gx, gy = rng.uniform(2, 94), rng.uniform(34, 95)
        for lean in (-1.0, 0.0, 1.0):
            pen.line([(gx, gy), (gx + lean, gy - 1.8)], (112, 124, 160), 0.45)


def room(pen: Pen, rng: random.Random) -> None:
    """Paints wallpaper, a window, floor boards and a rug."""
    pen.fill(box(-1, -1, 97, 40, 0), (246, 228, 222), line=0)
    for x in range(0, 100, 8):
        pen.fill(box(x, -1, x + 4, 30, 0), (250, 237, 229), line=0)
        for y in range(3, 28, 7):
            pen.dot(x + 2, y, 0.7, (236, 204, 200))
    x = rng.choice((22, 48, 74))
    pen.fill(box(x - 8, 2, x + 8, 18, 0.6), (252, 250, 244), line=0.5, ink=(196, 172, 164))
    pen.fill(box(x - 6.6, 3.4, x - 0.6, 16.6, 0), (200, 230, 246), line=0)
    pen.fill(box(x + 0.6, 3.4, x + 6.6, 16.6, 0), (200, 230, 246), line=0)
    pen.fill(box(-1, 27.5, 97, 31, 0), (252, 248, 240), line=0)
    _ground(pen, 31, (236, 216, 188), (228, 204, 172))
    for row, y in enumerate(range(31, 97, 6)):
        pen.line([(-1, y), (97, y)], (216, 190, 158), 0.4)
        for bx in range(row * 11 % 24, 100, 24):
            pen.line([(bx, y), (bx, y + 6)], (216, 190, 158), 0.4)
    pen.fill(oval(48, 66, 40, 19), (224, 226, 234), line=0)
    pen.fill(oval(48, 66, 35, 15.5), (240, 238, 240), line=0)
    pen.fill(oval(48, 66, 31, 12.5), (226, 228, 236), line=0)


PLACES: Final[Mapping[str, Callable[[Pen, random.Random], None]]] = MappingProxyType(
    {"meadow": meadow, "beach": beach, "street": street, "snow": snow, "night": night, "room": room}
)


def _sky(pen: Pen, top: Colour, bottom: Colour) -> None:
    for y in range(36):
        pen.fill(box(-1, y, 97, y + 1.5, 0), mix(top, bottom, y / 35), line=0)


def _ground(pen: Pen, y: float, far: Colour, near: Colour) -> None:
    steps = 24
    for k in range(steps):
        top = y + (97 - y) * k / steps
        pen.fill(box(-1, top, 97, 97, 0), mix(far, near, k / (steps - 1)), line=0)


def _hill(pen: Pen, rng: random.Random, y: float, colour: Colour) -> None:
    phase = rng.uniform(0, math.tau)
    ridge = [(float(x), y + 3 * math.sin(x / 14 + phase)) for x in range(-2, 100, 4)]
    pen.fill([*ridge, (98, 40), (-2, 40)], colour, line=0)


def _sun(pen: Pen, x: float, y: float) -> None:
    for r, share in ((9.5, 0.72), (7.5, 0.5)):
        pen.fill(oval(x, y, r), mix((255, 236, 160), (220, 240, 250), share), line=0)
    pen.fill(oval(x, y, 5.6), (255, 236, 160), line=0)


def _clouds(pen: Pen, rng: random.Random) -> None:
    for _ in range(3):
        x, y = rng.uniform(6, 90), rng.uniform(4, 16)
        for dx, dy, r in ((-4, 0.8, 2.4), (-1.2, -0.6, 3.4), (2.4, 0, 2.8), (5, 1, 2)):
            pen.fill(oval(x + dx, y + dy, r, r * 0.8), (252, 254, 255), line=0)


def _star(pen: Pen, x: float, y: float, r: float, colour: Colour) -> None:
    turns = [math.tau * k / 10 - math.pi / 2 for k in range(10)]
    radii = [r if k % 2 == 0 else r * 0.45 for k in range(10)]
    pen.fill(
        [(x + q * math.cos(a), y + q * math.sin(a)) for a, q in zip(turns, radii, strict=True)],
        colour,
        line=0,
    )
