"""The animals of Toytown. Drawn looking to the right; the pen mirrors those that look to the left."""

from __future__ import annotations

from stumper.toytown.art.pen import CREAM, INK, PAINTS, WHITE, Pen, arc, blob, box, dark, light, oval
from stumper.toytown.world import Thing

_PINK = (255, 138, 150)
_BEAK = (255, 178, 40)


def cat(pen: Pen, look: Thing) -> None:
    """Draws a cat with a curled tail and pointed ears."""
    paint = PAINTS[look.colour]
    pen.limb(blob((20, 60), (6, 46), (8, 26), (20, 18), closed=False), paint, 9)
    _legs(pen, paint, (19, 33, 54, 67), top=58, bottom=90, wide=11)
    pen.fill(oval(44, 57, 34, 22), paint, pattern=look.pattern, shade=0.5)
    for x0, x1, tip in ((52, 68, 50), (78, 94, 97)):
        pen.fill([(x0, 24), (tip, 2), (x1, 14)], paint)
    for inner in ([(55, 20), (53.5, 9), (63, 15)], [(83, 20), (93.5, 9), (91, 15)]):
        pen.fill(inner, _PINK, line=0)
    pen.fill(oval(73, 33, 25, 22), paint, shade=0.5)
    pen.fill(oval(76, 42, 13, 9), light(paint, 0.65), line=0)
    pen.eye(65, 29, 6.5, look=0.8)
    pen.eye(85, 29, 6.5, look=0.8)
    pen.fill([(72, 37), (80, 37), (76, 42)], _PINK, line=1.5)
    pen.line(arc(72.5, 42, 3.5, 4, 0, 150), INK, 2)
    pen.line(arc(79.5, 42, 3.5, 4, 30, 180), INK, 2)
    for y in (38, 44):
        pen.line([(57, y), (46, y - 1)], INK, 1.4)


def dog(pen: Pen, look: Thing) -> None:
    """Draws a dog with hanging ears, a long snout and a collar."""
    paint = PAINTS[look.colour]
    pen.limb(blob((16, 44), (8, 36), (5, 24), (9, 14), closed=False), paint, 9)
    _legs(pen, paint, (14, 27, 48, 60), top=54, bottom=86, wide=12)
    pen.fill(box(8, 36, 70, 66, 14), paint, pattern=look.pattern, shade=0.5)
    pen.fill(box(52, 32, 72, 58, 8), paint, line=0)
    pen.limb([(54, 48), (72, 54)], (255, 226, 90) if look.colour != "yellow" else PAINTS["red"], 5, ink=2)
    pen.fill(oval(66, 26, 22, 21), paint, shade=0.5)
    pen.fill(box(70, 24, 98, 44, 10), light(paint, 0.65))
    pen.fill(oval(94, 27, 6, 5), INK, line=0)
    pen.line([(80, 38), (92, 38)], INK, 2.2)
    pen.fill(blob((82, 40), (90, 40), (90, 50), (83, 50)), _PINK, line=2)
    pen.fill(blob((46, 10), (56, 10), (58, 30), (52, 44), (42, 40), (42, 22)), dark(paint, 0.45))
    pen.eye(72, 17, 6.8, look=0.8)


def bird(pen: Pen, look: Thing) -> None:
    """Draws a round bird on thin legs."""
    paint = PAINTS[look.colour]
    for x in (42, 56):
        pen.line([(x, 66), (x, 85)], (196, 110, 20), 4)
        pen.line([(x - 4, 86), (x + 9, 86)], (196, 110, 20), 4)
    pen.fill([(24, 40), (2, 26), (2, 46), (12, 56)], dark(paint, 0.25))
    pen.fill(blob((14, 46), (40, 14), (66, 4), (84, 24), (74, 54), (50, 74), (24, 66)), paint, shade=0.5)
    pen.fill(blob((50, 70), (68, 58), (72, 42), (58, 50)), light(paint, 0.65), line=0)
    pen.fill(blob((22, 44), (46, 36), (56, 46), (40, 60), (22, 58)), dark(paint, 0.25), line=3)
    pen.fill([(80, 20), (94, 29), (78, 36)], _BEAK, line=3)
    pen.fill([(60, 6), (56, -1), (66, 2)], paint, line=3)
    pen.eye(67, 22, 8, look=0.7)


def fish(pen: Pen, look: Thing) -> None:
    """Draws a fish with big fins."""
    paint = PAINTS[look.colour]
    pen.fill(blob((30, 34), (14, 12), (3, 8), (8, 34), (3, 60), (14, 56)), dark(paint, 0.25))
    pen.fill(blob((38, 16), (52, 2), (72, 6), (74, 18)), dark(paint, 0.25))
    pen.fill(blob((48, 54), (50, 66), (62, 66), (66, 54)), dark(paint, 0.25))
    pen.fill(blob((22, 34), (40, 14), (66, 10), (88, 20), (97, 34), (88, 48), (66, 58), (40, 54)),
             paint, pattern=look.pattern, shade=0.5)  # fmt: skip
    pen.fill(blob((72, 13), (88, 20), (97, 34), (88, 48), (72, 55), (67, 34)), light(paint, 0.25), line=2.5)
    pen.eye(81, 27, 7.5, look=0.5)
    pen.line(arc(88, 36, 8, 6, 40, 150), INK, 2.5)
    pen.blush(78, 42, 4)


def owl(pen: Pen, look: Thing) -> None:
    """Draws an owl with huge eyes, seen from the front."""
    paint = PAINTS[look.colour]
    for x in (28, 48):
        pen.fill(oval(x, 95, 8, 4), _BEAK, line=3)
    horned = ((8, 4), (24, 14), (38, 12), (52, 14), (68, 4))
    pen.fill(blob(*horned, (72, 34), (70, 76), (38, 97), (6, 76), (4, 34)), paint, shade=0.5)
    pen.fill(oval(38, 72, 20, 20), light(paint, 0.65), line=0)
    for x, y in ((30, 66), (38, 66), (46, 66), (34, 76), (42, 76), (38, 86)):
        pen.line(arc(x, y, 3.5, 4, 0, 180), dark(paint, 0.2), 2.4)
    for x in (4, 72):
        pen.fill(oval(x + (4 if x < 38 else -4), 62, 8, 24), dark(paint, 0.35), line=3)
    for x in (22, 54):
        pen.fill(oval(x, 34, 17, 17), CREAM, line=3)
        pen.dot(x, 34, 9)
        pen.dot(x - 3, 30, 3.2, WHITE)
    pen.fill([(33, 44), (43, 44), (38, 56)], _BEAK, line=2.5)


def snail(pen: Pen, look: Thing) -> None:
    """Draws a snail with its spiral house."""
    paint = PAINTS[look.colour]
    skin = (247, 214, 160)
    for x, tip in ((78, 76), (88, 95)):
        pen.limb([(x, 40), (tip, 20)], skin, 4, ink=2.5)
        pen.eye(tip, 15, 6, look=0.6)
    pen.fill(blob((4, 70), (30, 62), (64, 62), (72, 44), (82, 34), (95, 42), (94, 58), (82, 71), (40, 73)),
             skin, shade=0.4)  # fmt: skip
    pen.fill(oval(42, 36, 32, 32), paint, pattern=look.pattern, shade=0.5)
    swirl = blob(
        (42, 68), (64, 56), (64, 28), (44, 16), (26, 28), (28, 46), (44, 50), (50, 38), (42, 34), closed=False
    )
    pen.line(swirl, INK, 3)
    pen.line(arc(84, 52, 7, 6, 20, 120), INK, 2.5)
    pen.blush(78, 50, 3.5)


def _legs(
    pen: Pen, paint: tuple[int, int, int], lefts: tuple[float, ...], *, top: float, bottom: float, wide: float
) -> None:
    """Draws four legs; the second and the fourth stand behind and are darker."""
    for behind in (True, False):
        for number, x in enumerate(lefts):
            if (number % 2 == 1) is behind:
                colour = dark(paint, 0.3) if behind else paint
                pen.fill(box(x, top, x + wide, bottom - (2 if behind else 0), 5), colour, line=3.5)
