"""Draws the app's icons from static/favicon.svg: ``python tools/icons.py``. Needs Chromium.

`any`: the robot on nothing. `maskable` and Apple's: on yellow, within the middle 80 % that no mask cuts off.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright

STATIC: Final = Path(__file__).parent.parent / "src" / "stumper" / "front" / "static"
SUN: Final = "#ffc43d"
ICONS: Final = (
    ("icon-192.png", 192, 1.0, "transparent"),
    ("icon-512.png", 512, 1.0, "transparent"),
    ("maskable-512.png", 512, 0.66, SUN),
    ("touch-180.png", 180, 0.74, SUN),
)
"""Name, pixels a side, share of it that the robot takes, ground."""


def main() -> None:
    drawing = (STATIC / "favicon.svg").read_text(encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"), args=["--no-sandbox"]
        )
        page = browser.new_page()
        for name, px, share, ground in ICONS:
            page.set_viewport_size({"width": px, "height": px})
            page.set_content(
                f"<style>body {{ margin: 0; height: 100vh; display: grid; place-items: center;"
                f" background: {ground} }} svg {{ width: {100 * share}vw }}</style>{drawing}"
            )
            page.screenshot(path=STATIC / "icons" / name, omit_background=True)
        browser.close()


if __name__ == "__main__":
    main()
