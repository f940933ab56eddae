"""The pen of Toytown: filled and outlined shapes in a sprite's own units, with patterns and soft shading.

Every shape is a list of points, so mirroring and scaling are one line. Knows nothing of kinds or scenes.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Final

from PIL import Image, ImageChops, ImageDraw, ImageFont

Point = tuple[float, float]
Colour = tuple[int, int, int]

INK: Final[Colour] = (58, 44, 66)
CREAM: Final[Colour] = (255, 247, 228)
WHITE: Final[Colour] = (255, 255, 255)
SKIN: Final[Colour] = (250, 206, 168)

PAINTS: Final[dict[str, Colour]] = {
    "red": (226, 46, 52),
    "blue": (38, 104, 232),
    "green": (34, 158, 70),
    "yellow": (255, 214, 40),
    "orange": (255, 134, 22),
    "purple": (138, 66, 200),
    "pink": (255, 122, 188),
    "brown": (134, 84, 46),
}


def mix(colour: Colour, other: Colour, share: float) -> Colour:
    """Returns `colour` with `share` (0..1) of `other` in it."""
    r, g, b = (round(a + (c - a) * share) for a, c in zip(colour, other, strict=True))
    return r, g, b


def dark(colour: Colour, share: float = 0.3) -> Colour:
    """Returns a darker shade."""
    return mix(colour, INK, share)


def light(colour: Colour, share: float = 0.4) -> Colour:
    """Returns a lighter tint."""
    return mix(colour, WHITE, share)


def oval(cx: float, cy: float, rx: float, ry: float | None = None, *, turn: float = 0.0) -> list[Point]:
    """Returns an ellipse around (cx, cy), turned clockwise by `turn` degrees."""
    ry = rx if ry is None else ry
    c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    angles = [math.tau * step / 40 for step in range(40)]
    flat = [(rx * math.cos(a), ry * math.sin(a)) for a in angles]
    return [(cx + x * c - y * s, cy + x * s + y * c) for x, y in flat]


def arc(cx: float, cy: float, rx: float, ry: float, start: float, end: float) -> list[Point]:
    """Returns an open arc from `start` to `end` degrees, clockwise from three o'clock."""
    angles = [math.radians(start + (end - start) * step / 18) for step in range(19)]
    return [(cx + rx * math.cos(a), cy + ry * math.sin(a)) for a in angles]


def box(x0: float, y0: float, x1: float, y1: float, r: float = 6) -> list[Point]:
    """Returns a rectangle with corners of radius `r`."""
    r = min(r, (x1 - x0) / 2, (y1 - y0) / 2)
    corners = ((x1 - r, y1 - r, 0), (x0 + r, y1 - r, 90), (x0 + r, y0 + r, 180), (x1 - r, y0 + r, 270))
    points: list[Point] = []
    for cx, cy, start in corners:
        for step in range(6):
            a = math.radians(start + 18 * step)
            points.append((cx + r * math.cos(a), cy + r * math.sin(a)))
    return points


def blob(*points: Point, closed: bool = True) -> list[Point]:
    """Returns a smooth curve through the points (Catmull-Rom)."""
    n = len(points)
    curve: list[Point] = []
    for i in range(n if closed else n - 1):
        if closed:
            p = [points[(i + k) % n] for k in (-1, 0, 1, 2)]
        else:
            p = [points[min(max(i + k, 0), n - 1)] for k in (-1, 0, 1, 2)]
        for step in range(8):
            t = step / 8
            curve.append((_spline(t, *(q[0] for q in p)), _spline(t, *(q[1] for q in p))))
    if not closed:
        curve.append(points[-1])
    return curve


def _spline(t: float, a: float, b: float, c: float, d: float) -> float:
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t**3)


class Pen:
    """Draws into one transparent image whose units are the sprite's: `wide` x `high` units."""

    def __init__(
        self, size_px: tuple[int, int], units: tuple[float, float], *, mirrored: bool = False
    ) -> None:
        self.image = Image.new("RGBA", size_px, (0, 0, 0, 0))
        self.wide, self.high = units
        self._x, self._y = size_px[0] / units[0], size_px[1] / units[1]
        self._mirrored = mirrored
        self._draw = ImageDraw.Draw(self.image)

    def fill(
        self,
        points: Sequence[Point],
        colour: Colour,
        *,
        pattern: str = "plain",
        shade: float = 0.0,
        line: float = 4.0,
        ink: Colour = INK,
    ) -> None:
        """Fills a shape, with a pattern, a soft shadow at its lower right (`shade` 0..1) and an outline."""
        spots = self._place(points)
        if pattern == "plain" and not shade:
            self._draw.polygon(spots, fill=colour)
        else:
            self._paint(spots, colour, pattern, shade)
        if line:
            self._stroke([*spots, spots[0], spots[1]], ink, line)

    def line(self, points: Sequence[Point], colour: Colour, width: float) -> None:
        """Draws a stroke with round ends."""
        self._stroke(self._place(points), colour, width)

    def limb(self, points: Sequence[Point], colour: Colour, width: float, *, ink: float = 3.5) -> None:
        """Draws an outlined stroke: a tail, an arm, a pole."""
        self.line(points, INK, width + 2 * ink)
        self.line(points, colour, width)

    def dot(self, x: float, y: float, r: float, colour: Colour = INK) -> None:
        """Draws a filled circle without outline."""
        self._draw.polygon(self._place(oval(x, y, r)), fill=colour)

    def eye(self, x: float, y: float, r: float, *, look: float = 0.0) -> None:
        """Draws an eye with a white, a pupil moved sideways by `look` (-1..1) and a glint."""
        self.fill(oval(x, y, r, r * 1.15), WHITE, line=r * 0.28)
        self.dot(x + look * r * 0.4, y + r * 0.08, r * 0.62)
        self.dot(x + look * r * 0.4 - r * 0.2, y - r * 0.22, r * 0.22, WHITE)

    def blush(self, x: float, y: float, r: float) -> None:
        """Draws a rosy cheek."""
        self._draw.polygon(self._place(oval(x, y, r, r * 0.7)), fill=(255, 150, 150))

    def text(self, x: float, y: float, word: str, colour: Colour, *, width: float, height: float) -> None:
        """Writes a word in bold capitals that fill the given width or height; never mirrored."""
        font = _font()
        left, top, right, bottom = font.getbbox(word, stroke_width=4)
        mask = Image.new("L", (int(right - left) + 2, int(bottom - top) + 2))
        ImageDraw.Draw(mask).text((1 - left, 1 - top), word, fill=255, font=font, stroke_width=4)
        # Letters may be stretched by half to fill their place: legibility before typography.
        scale = min(width * self._x / mask.width, height * self._y / mask.height)
        wide = min(width * self._x, mask.width * scale * 1.5)
        high = min(height * self._y, mask.height * scale * 1.5)
        mask = mask.resize((max(1, round(wide)), max(1, round(high))), Image.Resampling.BOX)
        ((cx, cy),) = self._place([(x, y)])
        self.image.paste(
            Image.new("RGBA", mask.size, (*colour, 255)), (round(cx - wide / 2), round(cy - high / 2)), mask
        )

    def _place(self, points: Sequence[Point]) -> list[Point]:
        if self._mirrored:
            return [((self.wide - x) * self._x, y * self._y) for x, y in points]
        return [(x * self._x, y * self._y) for x, y in points]

    def _stroke(self, spots: list[Point], colour: Colour, width: float) -> None:
        px = max(1, round(width * self._x))
        self._draw.line(spots, fill=colour, width=px, joint="curve")
        if px > 2:
            for x, y in (spots[0], spots[-1]):
                self._draw.ellipse((x - px / 2, y - px / 2, x + px / 2, y + px / 2), fill=colour)

    def _paint(self, spots: list[Point], colour: Colour, pattern: str, shade: float) -> None:
        left, top = (math.floor(min(p[axis] for p in spots)) for axis in (0, 1))
        right, bottom = (math.ceil(max(p[axis] for p in spots)) for axis in (0, 1))
        size = (max(1, right - left), max(1, bottom - top))
        local = [(x - left, y - top) for x, y in spots]
        mask = Image.new("L", size)
        ImageDraw.Draw(mask).polygon(local, fill=255)
        texture = self._texture(size, colour, pattern)
        if shade:
            shift = (round(-size[0] * 0.1), round(-size[1] * 0.1))
            rim = ImageChops.subtract(mask, _moved(mask, shift))
            texture.paste(
                Image.new("RGB", size, dark(colour)),
                (0, 0),
                rim.point([round(i * shade) for i in range(256)]),
            )
        self.image.paste(texture, (left, top), mask)

    def _texture(self, size: tuple[int, int], colour: Colour, pattern: str) -> Image.Image:
        texture = Image.new("RGB", size, colour)
        draw = ImageDraw.Draw(texture)
        # A fifth of a sprite: as bold as two or three repeats on a body allow, to be told apart at 16 px.
        step = 19 * self._x
        # Cream on yellow is hard to see, and a dark yellow would be brown.
        second = INK if colour == PAINTS["yellow"] else CREAM
        if pattern == "striped":
            for i in range(-1, math.ceil(size[0] / step) + 1):
                draw.rectangle((i * step + step * 0.25, 0, i * step + step * 0.7, size[1]), fill=second)
        elif pattern == "dotted":
            _dots(draw, size, 1.2 * step, second)
        elif pattern == "checked":
            half = step * 0.66
            for row in range(math.ceil(size[1] / half)):
                for column in range(row % 2, math.ceil(size[0] / half), 2):
                    corner = (column * half, row * half)
                    draw.rectangle((*corner, corner[0] + half - 1, corner[1] + half - 1), fill=second)
        return texture


def _dots(draw: ImageDraw.ImageDraw, size: tuple[int, int], step: float, colour: Colour) -> None:
    r = step * 0.28
    for row in range(math.ceil(size[1] / step * 1.3) + 1):
        for column in range(-1, math.ceil(size[0] / step) + 1):
            x = (column + 0.5 + 0.5 * (row % 2)) * step
            y = (row + 0.5) * step * 0.8
            draw.ellipse((x - r, y - r, x + r, y + r), fill=colour)


def _moved(mask: Image.Image, shift: tuple[int, int]) -> Image.Image:
    moved = Image.new("L", mask.size)
    moved.paste(mask, shift)
    return moved


@functools.cache
def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    # Pillow carries this font itself, so no system font decides how a sign looks.
    return ImageFont.load_default(size=72)
