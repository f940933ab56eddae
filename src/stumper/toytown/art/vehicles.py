"""Cars, buses, boats and rockets. Drawn driving to the right; plates are never mirrored."""

from __future__ import annotations

from stumper.toytown.art.pen import CREAM, INK, PAINTS, WHITE, Colour, Pen, arc, blob, box, dark, light, oval
from stumper.toytown.world import Thing

_GLASS: Colour = (196, 232, 248)
_RUBBER: Colour = (58, 54, 68)
_LAMP: Colour = (255, 240, 150)


def car(pen: Pen, look: Thing) -> None:
    """Draws a small round car."""
    paint = PAINTS[look.colour]
    pen.fill(blob((18, 30), (28, 8), (48, 3), (66, 7), (80, 30)), paint, shade=0.4)
    pen.fill([(26, 27), (33, 12), (47, 9), (47, 27)], _GLASS, line=3)
    pen.fill([(52, 9), (64, 12), (73, 27), (52, 27)], _GLASS, line=3)
    pen.line([(32, 24), (38, 14)], WHITE, 2.5)
    pen.line([(58, 24), (62, 16)], WHITE, 2.5)
    pen.fill(box(3, 26, 97, 52, 13), paint, pattern=look.pattern, shade=0.5)
    pen.fill(oval(92, 35, 5, 5.5), _LAMP, line=2.5)
    pen.fill(box(3, 31, 8, 40, 2), PAINTS["red"], line=2)
    pen.line([(50, 28), (50, 38)], dark(paint, 0.6), 2)
    _wheel(pen, 24, 50, 11)
    _wheel(pen, 76, 50, 11)
    _plate(pen, look.word, 50, 45)


def bus(pen: Pen, look: Thing) -> None:
    """Draws a long bus with passengers' windows."""
    paint = PAINTS[look.colour]
    pen.fill(box(3, 4, 97, 60, 10), paint, pattern=look.pattern, shade=0.5)
    pen.fill(box(8, 11, 76, 30, 4), _GLASS, line=3)
    for x in (25, 42, 59):
        pen.line([(x, 12), (x, 29)], INK, 3)
    pen.fill(box(80, 11, 97, 36, 4), _GLASS, line=3)
    for x in (13, 30, 47, 84):
        pen.line([(x, 27), (x + 5, 15)], WHITE, 2.2)
    pen.fill(oval(93, 46, 4.5, 5), _LAMP, line=2.5)
    pen.fill(box(3, 42, 7, 50, 2), PAINTS["red"], line=2)
    _wheel(pen, 24, 58, 10.5)
    _wheel(pen, 76, 58, 10.5)
    _plate(pen, look.word, 50, 48)


def boat(pen: Pen, look: Thing) -> None:
    """Draws a sailing boat on its own little waves."""
    paint = PAINTS[look.colour]
    pen.limb([(46, 4), (46, 72)], (150, 104, 62), 4, ink=2.5)
    pen.fill([(51, 6), (87, 62), (51, 62)], paint, pattern=look.pattern, shade=0.4)
    pen.fill([(41, 18), (41, 62), (12, 62)], light(paint, 0.35))
    pen.fill([(46, 2), (32, 7), (46, 12)], dark(paint, 0.3), line=2.5)
    pen.fill(blob((5, 71), (46, 73), (87, 71), (78, 90), (66, 96), (26, 96), (14, 90)), paint, shade=0.5)
    pen.line(blob((9, 77), (46, 79), (83, 77), closed=False), CREAM, 4)
    wave = blob(
        (3, 95),
        (12, 91),
        (20, 96),
        (30, 91),
        (40, 96),
        (50, 91),
        (60, 96),
        (70, 91),
        (80, 96),
        (89, 92),
        closed=False,
    )
    pen.line(wave, (92, 170, 222), 6)


def rocket(pen: Pen, look: Thing) -> None:
    """Draws a rocket about to leave, with a flame below."""
    paint = PAINTS[look.colour]
    pen.fill(blob((24, 78), (42, 78), (40, 90), (33, 99), (26, 90)), (255, 150, 40), line=2.5)
    pen.fill(blob((28, 78), (38, 78), (33, 91)), (255, 232, 110), line=0)
    for side in (-1, 1):
        pen.fill(
            [(33 + side * 14, 52), (33 + side * 29, 74), (33 + side * 27, 84), (33 + side * 12, 76)],
            dark(paint, 0.35),
        )
    pen.fill(blob((33, 2), (47, 20), (51, 48), (45, 78), (33, 80), (21, 78), (15, 48), (19, 20)),
             paint, pattern=look.pattern, shade=0.5)  # fmt: skip
    pen.fill([(33, 1), *arc(33, 26, 13.5, 6, 0, 180)], dark(paint, 0.35), line=3)
    pen.fill(oval(33, 44, 11), CREAM, line=3)
    pen.fill(oval(33, 44, 7), _GLASS, line=2.5)
    pen.line([(30, 46), (34, 40)], WHITE, 2)


def _wheel(pen: Pen, x: float, y: float, r: float) -> None:
    pen.fill(oval(x, y, r), _RUBBER, line=2.5)
    pen.fill(oval(x, y, r * 0.5), (226, 228, 234), line=1.5)


def _plate(pen: Pen, word: str, x: float, y: float) -> None:
    if word:
        pen.fill(box(x - 15, y - 7.5, x + 15, y + 7.5, 2.5), WHITE, line=2.5)
        pen.text(x, y, word, INK, width=25, height=11)
