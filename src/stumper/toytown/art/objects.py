"""Plants, houses, toys and furniture of Toytown."""

from __future__ import annotations

import math

from stumper.toytown.art.pen import CREAM, INK, PAINTS, WHITE, Colour, Pen, arc, blob, box, dark, light, oval
from stumper.toytown.world import Thing

_WOOD: Colour = (150, 104, 62)
_LEAF: Colour = (86, 160, 76)


def tree(pen: Pen, look: Thing) -> None:
    """Draws a tree with a cloud of leaves."""
    paint = PAINTS[look.colour]
    trunk: Colour = (120, 96, 84)
    pen.fill(blob((33, 56), (47, 56), (47, 84), (54, 97), (26, 97), (33, 84)), trunk)
    crown = ((18, 46, 16), (62, 46, 16), (24, 26, 19), (56, 26, 19), (40, 16, 14), (40, 52, 18))
    for x, y, r in crown:
        pen.fill(oval(x, y, r + 2), INK, line=0)
    for x, y, r in crown:
        pen.dot(x, y, r - 1.5, paint)
    pen.dot(40, 36, 22, paint)
    for x, y, r in ((24, 24, 7), (46, 15, 5), (58, 36, 6), (34, 44, 6)):
        pen.line(arc(x, y, r, r, 180, 300), light(paint, 0.5), 3)
        pen.line(arc(x + 8, y + 12, r, r, 10, 110), dark(paint, 0.35), 3)


def flower(pen: Pen, look: Thing) -> None:
    """Draws a flower with a smiling face."""
    paint = PAINTS[look.colour]
    pen.limb(blob((33, 54), (35, 74), (33, 96), closed=False), _LEAF, 5, ink=2.5)
    for side in (-1, 1):
        pen.fill(
            blob((33, 92), (33 + side * 12, 74), (33 + side * 26, 72), (33 + side * 18, 88)), _LEAF, line=3
        )
    for k in range(7):
        a = math.tau * k / 7
        turn = math.degrees(a)
        pen.fill(
            oval(33 + 19 * math.cos(a), 32 + 19 * math.sin(a), 12, 9.5, turn=turn), paint, shade=0.3, line=3.5
        )
    pen.fill(oval(33, 32, 12.5), CREAM, line=3)
    for x in (29, 37):
        pen.dot(x, 30, 2.2)
    pen.line(arc(33, 33, 4.5, 4, 15, 165), INK, 2)


def house(pen: Pen, look: Thing) -> None:
    """Draws a house with a door, two windows and a smoking chimney."""
    paint = PAINTS[look.colour]
    slate: Colour = (92, 92, 112)
    pen.fill(box(66, 8, 78, 34, 2), slate, line=3)
    pen.fill(box(11, 40, 83, 97, 3), paint, pattern=look.pattern, shade=0.4)
    pen.fill([(47, 4), (93, 46), (84, 50), (10, 50), (1, 46)], slate)
    pen.line([(24, 38), (70, 38)], light(slate, 0.25), 2.5)
    pen.line([(34, 28), (60, 28)], light(slate, 0.25), 2.5)
    for x in (16, 62):
        pen.fill(box(x, 57, x + 16, 74, 2), (255, 240, 170), line=3)
        pen.line([(x + 8, 58), (x + 8, 73)], INK, 2)
        pen.line([(x + 1, 65.5), (x + 15, 65.5)], INK, 2)
    pen.fill([(39, 97), (39, 72), *arc(47, 72, 8, 8, 180, 360), (55, 97)], (120, 84, 60), line=3)
    pen.dot(52, 84, 1.8, (255, 226, 90))


def ball(pen: Pen, look: Thing) -> None:
    """Draws a shiny ball."""
    paint = PAINTS[look.colour]
    pen.fill(oval(45, 45, 42), paint, pattern=look.pattern, shade=0.6)
    if look.pattern == "plain":
        for points in (
            blob((45, 4), (22, 24), (24, 66), (45, 86), closed=False),
            arc(45, 30, 42, 24, 18, 162),
        ):
            pen.line(points, dark(paint, 0.3), 2.6)
    pen.line(arc(45, 45, 32, 32, 205, 250), WHITE, 6)


def cup(pen: Pen, look: Thing) -> None:
    """Draws a steaming cup."""
    paint = PAINTS[look.colour]
    for x in (28, 44):
        pen.line(blob((x, 18), (x + 5, 12), (x - 1, 7), (x + 4, 1), closed=False), (188, 182, 196), 3.5)
    pen.limb([*arc(70, 44, 17, 15, -80, 80)], paint, 7, ink=3.5)
    pen.fill(
        [(7, 24), (71, 24), (66, 68), *arc(39, 68, 26, 9, 0, 180), (12, 68)],
        paint,
        pattern=look.pattern,
        shade=0.5,
    )
    pen.fill(oval(39, 24, 32, 8), (104, 66, 44))
    pen.line(arc(39, 24, 26, 5, 190, 300), (160, 112, 80), 2)


def balloon(pen: Pen, look: Thing) -> None:
    """Draws a balloon on a wavy string."""
    paint = PAINTS[look.colour]
    pen.line(blob((31, 70), (26, 80), (36, 88), (31, 99), closed=False), INK, 2.4)
    pen.fill([(31, 64), (37, 74), (25, 74)], dark(paint, 0.2), line=3)
    pen.fill(
        blob((31, 3), (55, 16), (57, 40), (31, 68), (5, 40), (7, 16)), paint, pattern=look.pattern, shade=0.5
    )
    pen.line(arc(31, 34, 18, 22, 195, 245), WHITE, 5)


def umbrella(pen: Pen, look: Thing) -> None:
    """Draws a large open umbrella standing on its handle."""
    paint = PAINTS[look.colour]
    pen.limb([(50, 4), (50, 88), *arc(43, 88, 7, 7, 0, 150)], (186, 150, 104), 3.5, ink=2.2)
    rim = [point for k in range(4) for point in arc(84.5 - 23 * k, 47, 11.5, 7, 0, -180)]
    pen.fill([*arc(50, 46, 46, 40, 180, 360), *rim], paint, pattern=look.pattern, shade=0.4)
    if look.pattern == "plain":
        for x in (27, 50, 73):
            pen.line(
                blob((50, 7), ((x + 50) / 2 + (x - 50) * 0.2, 22), (x, 40), closed=False),
                dark(paint, 0.35),
                2.6,
            )
    pen.line([(50, 6), (50, 2)], INK, 5)


def sign(pen: Pen, look: Thing) -> None:
    """Draws a wide sign on two posts with its word in big letters."""
    paint = PAINTS[look.colour]
    for x in (22, 78):
        pen.limb([(x, 48), (x, 73)], _WOOD, 6, ink=2.5)
    pen.fill(box(2, 3, 98, 53, 9), paint)
    pen.fill(box(9, 10, 91, 46, 5), CREAM, line=0)
    pen.text(50, 28, look.word, INK, width=76, height=30)


def clock(pen: Pen, look: Thing) -> None:
    """Draws an alarm clock; the minute hand stands at 12."""
    paint = PAINTS[look.colour]
    for side in (-1, 1):
        pen.limb([(44 + side * 22, 86), (44 + side * 30, 97)], _WOOD, 6, ink=2.5)
        pen.fill(oval(44 + side * 23, 14, 15, 11, turn=side * 35), dark(paint, 0.2))
    pen.limb([(44, 14), (44, 5)], (170, 170, 184), 4, ink=2)
    pen.fill(oval(44, 54, 41), paint, shade=0.5)
    pen.fill(oval(44, 54, 33), WHITE, line=2.5)
    for hour in range(12):
        x, y = _on_dial(hour, 28.5)
        pen.dot(x, y, 2.8 if hour % 3 == 0 else 1.6, INK)
    pen.line([(44, 54), _on_dial(12, 27)], (120, 112, 130), 2.6)
    pen.line([(44, 54), _on_dial(look.hour, 19)], (200, 30, 50), 7.5)
    pen.dot(44, 54, 4.5, INK)


def _on_dial(hour: int, r: float) -> tuple[float, float]:
    a = math.tau * hour / 12
    return 44 + r * math.sin(a), 54 - r * math.cos(a)


def carton(pen: Pen, look: Thing) -> None:
    """Draws a box, open with its flaps up or shut with a ribbon."""
    paint = PAINTS[look.colour]
    if look.open:
        pen.fill([(24, 22), (72, 22), (66, 3), (30, 3)], light(paint, 0.25))
        pen.fill([(14, 42), (82, 42), (72, 22), (24, 22)], dark(paint, 0.8))
        pen.fill([(14, 42), (24, 22), (11, 13), (0, 33)], light(paint, 0.25))
        pen.fill([(82, 42), (72, 22), (85, 13), (96, 33)], light(paint, 0.25))
        pen.fill(box(12, 41, 84, 84, 4), paint, pattern=look.pattern, shade=0.4)
        return
    pen.fill(box(8, 34, 88, 84, 4), paint, pattern=look.pattern, shade=0.4)
    pen.fill(box(3, 20, 93, 40, 5), dark(paint, 0.15))
    ribbon = CREAM if look.colour != "yellow" else light(PAINTS["red"], 0.2)
    pen.fill([(42, 21), (54, 21), (54, 83), (42, 83)], ribbon, line=2)
    for side in (-1, 1):
        pen.fill(
            blob((48, 20), (48 + side * 10, 5), (48 + side * 22, 8), (48 + side * 18, 19)), ribbon, line=3
        )


def table(pen: Pen, look: Thing) -> None:
    """Draws a table seen a little from above."""
    paint = PAINTS[look.colour]
    for x in (20, 74):
        pen.fill(box(x, 18, x + 6, 48, 2), dark(paint, 0.5), line=2.5)
    for x in (8, 84):
        pen.fill(box(x, 18, x + 8, 56, 2), dark(paint, 0.25), line=3)
    pen.fill([(12, 3), (88, 3), (98, 18), (2, 18)], paint)
    pen.fill(box(2, 17, 98, 26, 3), dark(paint, 0.2), line=3.5)
    pen.line([(22, 8), (52, 8)], light(paint, 0.4), 2.5)


def kite(pen: Pen, look: Thing) -> None:
    """Draws a kite with a tail of bows."""
    paint = PAINTS[look.colour]
    pen.line(blob((39, 66), (46, 76), (34, 86), (42, 98), closed=False), INK, 2.4)
    for x, y in ((45, 76), (35, 87), (41, 96)):
        for side in (-1, 1):
            pen.fill([(x, y), (x + side * 9, y - 4), (x + side * 9, y + 4)], light(paint, 0.3), line=2)
    pen.fill([(39, 2), (75, 30), (39, 70), (3, 30)], paint, pattern=look.pattern, shade=0.4)
    pen.line([(39, 4), (39, 68)], INK, 2.2)
    pen.line([(5, 30), (73, 30)], INK, 2.2)


def drum(pen: Pen, look: Thing) -> None:
    """Draws a drum with two sticks."""
    paint = PAINTS[look.colour]
    pen.fill(
        [(5, 30), (87, 30), (87, 70), *arc(46, 70, 41, 12, 0, 180), (5, 70)],
        paint,
        pattern=look.pattern,
        shade=0.5,
    )
    if look.pattern == "plain":
        zigzag = [(6, 38), (19, 74), (32, 42), (46, 80), (60, 42), (73, 74), (86, 38)]
        pen.line(zigzag, CREAM, 3)
    pen.fill(oval(46, 28, 41, 13), CREAM)
    for start, end in (((20, 4), (50, 26)), ((76, 3), (58, 29))):
        pen.limb([start, end], _WOOD, 4, ink=2)
        pen.fill(oval(*end, 5, 4), (232, 200, 150), line=2)
