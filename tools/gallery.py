"""Puts the browser tests' screenshots into docs/pictures/game: ``make pictures``.

One strip a screen: the phone in light and in dark, and the desktop where there is one, all as high as the
phone. A screen whose screenshots are missing is named, and keeps its old picture.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from PIL import Image

PICTURES: Final = Path(__file__).parent.parent / "docs" / "pictures" / "game"
HEIGHT, GAP, GROUND = 740, 16, "#8f86a3"

SCREENS: Final = {
    "landing": ("phone-door-0-landing", "dark-door-0-landing", "desk-door-0-landing"),
    "tutorial": ("phone-door-4-caught", "dark-door-1-tutorial", "desk-door-2-judge"),
    "join": ("phone-door-7-join", "dark-door-7-join"),
    "play": ("phone-2-picture", "dark-3-thinking", "desk-2-picture"),
    "zoom": ("phone-zoom", "desk-zoom"),
    "judge": ("phone-4-judge", "dark-4-judge", "desk-4-judge"),
    "correct": ("phone-5-correct", "dark-5-correct", "desk-5-correct"),
    "undo": ("phone-undo", "desk-undo"),
    "end": ("phone-door-e-end", "dark-door-e-end", "desk-door-e-end"),
    "share": ("phone-door-f-shared", "desk-door-f-shared"),
    "boards": ("boards-league-phone", "boards-around-me-phone", "boards-league-desk-dark"),
    "team": ("boards-teams-phone", "boards-teams-desk-dark"),
    "me": ("phone-door-9-me", "dark-door-9-me", "desk-door-9-me"),
    "go": ("phone-door-a-code", "dark-door-b-go", "phone-door-c-hello"),
    "learned": ("learned-phone", "learned-phone-dark", "learned-desk"),
    "referee": ("phone-8-referee-case", "phone-8-referee-report"),
    "offline": ("phone-offline", "phone-offline-ar"),
}
"""Screen to screenshots, left to right."""


def strip(shots: list[Path]) -> Image.Image:
    """Returns the screenshots side by side; a page longer than the phone is cut below."""
    shown = [_as_high_as_a_phone(Image.open(shot).convert("RGB")) for shot in shots]
    width = sum(one.width for one in shown) + GAP * (len(shown) + 1)
    sheet = Image.new("RGB", (width, HEIGHT + 2 * GAP), GROUND)
    left = GAP
    for one in shown:
        sheet.paste(one, (left, GAP))
        left += one.width + GAP
    return sheet


def _as_high_as_a_phone(shot: Image.Image) -> Image.Image:
    if shot.width <= 400:
        return shot.crop((0, 0, shot.width, min(shot.height, HEIGHT)))
    window = shot.crop((0, 0, shot.width, min(shot.height, 900)))
    return window.resize((round(window.width * HEIGHT / window.height), HEIGHT), Image.Resampling.LANCZOS)


def main(folder: Path) -> int:
    """Writes every strip whose screenshots are in ``folder``; returns 1 if one was missing."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    missing = 0
    for screen, names in SCREENS.items():
        shots = [folder / f"{name}.png" for name in names]
        if absent := [shot.name for shot in shots if not shot.exists()]:
            print(f"{screen}: no {', '.join(absent)} in {folder}; run the browser tests first")
            missing = 1
            continue
        strip(shots).save(PICTURES / f"{screen}.webp", quality=82, method=6)
    return missing


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
