"""The people of Toytown and their robot. Hair and skin of a person go with the shirt's colour."""

from __future__ import annotations

from stumper.toytown.art.pen import INK, PAINTS, WHITE, Colour, Pen, arc, blob, box, dark, light, oval
from stumper.toytown.world import Thing

_TROUSERS: Colour = (72, 84, 122)
_SHOES: Colour = (70, 50, 50)
_CHARACTERS: dict[str, tuple[str, Colour, Colour]] = {
    "red": ("bun", (60, 40, 34), (246, 200, 160)),
    "blue": ("short", (232, 176, 72), (252, 214, 180)),
    "green": ("curls", (48, 36, 36), (160, 104, 68)),
    "yellow": ("long", (120, 66, 34), (250, 206, 168)),
    "orange": ("short", (50, 38, 40), (206, 146, 100)),
    "purple": ("long", (200, 90, 40), (255, 220, 188)),
    "pink": ("bun", (236, 190, 96), (252, 214, 180)),
    "brown": ("curls", (150, 84, 44), (236, 186, 142)),
}


def person(pen: Pen, look: Thing) -> None:
    """Draws a person from the front or the back, with the raised hands of `look`."""
    paint = PAINTS[look.colour]
    style, hair, skin = _CHARACTERS[look.colour]
    back = look.facing == "back"
    raised_on_left, raised_on_right = raised_sides(look)
    if style == "long":
        pen.fill(blob((20, 14), (54, 14), (58, 34), (55, 50), (19, 50), (16, 34)), hair)
    for x in (29, 45):
        pen.fill(box(x - 6.5, 70, x + 6.5, 94, 3), _TROUSERS, line=3.5)
        pen.fill(oval(x + (0 if back else (x - 37) * 0.15), 95, 9, 4.5), _SHOES, line=2)
    for side, raised in ((-1, raised_on_left), (1, raised_on_right)):
        _arm(pen, side, raised, paint, skin)
    pen.fill(blob((25, 46), (37, 44), (49, 46), (54, 58), (53, 76), (37, 78), (21, 76), (20, 58)),
             paint, pattern=look.pattern, shade=0.5)  # fmt: skip
    _head(pen, style, hair, skin, back=back)


def raised_sides(look: Thing) -> tuple[bool, bool]:
    """Returns whether an arm is up at the left and at the right side of the picture.

    A person seen from the front has the own left hand at the right side of the picture.
    """
    left, right = look.hand in ("left", "both"), look.hand in ("right", "both")
    return (left, right) if look.facing == "back" else (right, left)


def _arm(pen: Pen, side: int, raised: bool, paint: Colour, skin: Colour) -> None:
    shoulder = (37 + side * 15, 53.0)
    if raised:
        elbow, hand = (37 + side * 28, 38.0), (37 + side * 29, 15.0)
    else:
        elbow, hand = (37 + side * 23, 64.0), (37 + side * 23, 76.0)
    middle = ((elbow[0] + hand[0]) / 2, (elbow[1] + hand[1]) / 2)
    pen.limb([middle, hand], skin, 7.5, ink=3)
    pen.limb(blob(shoulder, elbow, middle, closed=False), paint, 9, ink=3)
    pen.fill(oval(hand[0], hand[1] - (4 if raised else -1), 6.5 if raised else 5.5), skin, line=3)
    if raised:
        for spread in (-4, 0, 4):
            pen.limb(
                [(hand[0] + spread, hand[1] - 7), (hand[0] + spread * 1.4, hand[1] - 12)], skin, 2.6, ink=1.6
            )
        pen.dot(hand[0], hand[1] - 4, 5.2, skin)


def _head(pen: Pen, style: str, hair: Colour, skin: Colour, *, back: bool) -> None:
    if style == "bun":
        pen.fill(oval(37, 6, 8, 6), hair)
    if style == "curls":
        for x, y in ((20, 22), (23, 12), (32, 6), (42, 6), (51, 12), (54, 22)):
            pen.fill(oval(x, y, 8), hair, line=3)
    for x in (17, 57):
        pen.fill(oval(x, 30, 4, 5), skin, line=3)
    pen.fill(oval(37, 28, 20, 19), hair if back else skin, shade=0.35)
    if back:
        for x in (29, 37, 45):
            pen.line(
                arc(x, 26, 4, 14, 200, 90), dark(hair, 0.45) if sum(hair) > 200 else light(hair, 0.2), 1.8
            )
        return
    pen.fill(
        blob((16, 28), (18, 12), (37, 6), (56, 12), (58, 28), (50, 19), (37, 17), (24, 19)), hair, line=3
    )
    for x in (29, 45):
        pen.fill(oval(x, 30, 3.4, 4.4), INK, line=0)
        pen.dot(x - 1, 28.6, 1.3, WHITE)
        pen.blush(x + (x - 37) * 0.65, 37, 3.6)
    pen.fill([*arc(37, 36, 6, 5.5, 0, 180)], (196, 60, 70), line=1.8)


def robot(pen: Pen, look: Thing) -> None:
    """Draws a friendly robot."""
    paint = PAINTS[look.colour]
    steel: Colour = (176, 184, 198)
    pen.limb([(39, 14), (39, 5)], steel, 3, ink=2)
    pen.fill(oval(39, 5, 5), PAINTS["yellow"] if look.colour != "yellow" else PAINTS["red"], line=3)
    for x in (29, 49):
        pen.limb([(x, 78), (x, 92)], steel, 8, ink=3)
        pen.fill(box(x - 9, 89, x + 9, 98, 4), dark(paint, 0.25), line=3)
    for side in (-1, 1):
        pen.limb(
            blob((39 + side * 24, 56), (39 + side * 33, 62), (39 + side * 33, 72), closed=False),
            steel,
            6,
            ink=3,
        )
        pen.fill(oval(39 + side * 33, 75, 5.5), dark(paint, 0.25), line=3)
    pen.fill(box(15, 48, 63, 82, 7), paint, shade=0.5)
    pen.fill(box(26, 56, 52, 72, 4), (214, 244, 240), line=3)
    pen.line([(29, 66), (34, 66), (37, 60), (41, 69), (44, 64), (49, 64)], (40, 150, 140), 2.2)
    pen.fill(box(12, 13, 66, 46, 9), paint, shade=0.5)
    pen.fill(box(19, 20, 59, 40, 7), (48, 52, 74), line=2.5)
    for x in (30, 48):
        pen.dot(x, 29, 5.4, (120, 240, 230))
        pen.dot(x - 1.6, 27.4, 1.8, WHITE)
    pen.line(arc(39, 32, 6, 4.5, 20, 160), (120, 240, 230), 2.4)
