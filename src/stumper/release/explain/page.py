"""The chain of an example as one HTML page: its picture, and a line of links from question to model.

Nothing on it names anybody: it may be handed to those who read the data.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from markupsafe import Markup

from stumper import __version__
from stumper.release.drawing import dot, line, rect, svg
from stumper.release.explain.chain import Chain, Decided, Step
from stumper.release.paper import pages, write_whole

_TYPES: Final = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp"}
_HEIGHT_PX: Final = 26


@dataclass(frozen=True, slots=True)
class _Drawn:
    step: Step
    chart: Markup


def write_page(path: Path, chain: Chain, picture: bytes | None) -> Path:
    """Writes the page whole or not at all; returns its path. ``picture`` None: it is lost."""
    return write_whole(path, render(chain, picture))


def render(chain: Chain, picture: bytes | None) -> str:
    """Returns the HTML; the same chain gives the same text."""
    page = pages()
    page.filters["when"] = when
    page.filters["probability"] = lambda p: "–" if p is None else f"{p:.3f}"
    return page.get_template("explain.html").render(
        chain=chain,
        picture=_inline(chain, picture),
        steps=[
            _Drawn(step, _moved(before, step, chain.decided))
            for before, step in zip([None, *chain.steps], chain.steps, strict=False)
        ],
        status=_STATUS.get(chain.decided.status, ""),
        version=__version__,
    )


_STATUS: Final = {"accepted": "good", "rejected": "bad", "disputed": "bad"}


def when(at: float | None) -> str:
    """Returns a moment in UTC, to the second; a dash for None."""
    return "–" if at is None else f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}"


def _inline(chain: Chain, picture: bytes | None) -> str:
    if picture is None or chain.picture is None:
        return ""
    kind = _TYPES.get(Path(chain.picture.file).suffix.lower(), "application/octet-stream")
    return f"data:{kind};base64,{base64.b64encode(picture).decode()}"


def _moved(before: Step | None, step: Step, decided: Decided) -> Markup:
    """Draws P(good) on a scale from 0 to 1, with the bounds, and where it came from."""
    now, middle = step.belief.good, _HEIGHT_PX / 2
    parts: list[Markup] = [
        rect("zone-bad", 0, 0, decided.reject, _HEIGHT_PX),
        rect("zone-good", decided.accept, 0, 1.0 - decided.accept, _HEIGHT_PX),
        line("grid", 0.0, middle, middle, to=1.0),
    ]
    if before is not None:
        parts += [
            line("way", before.belief.good, middle, middle, to=now),
            dot("was", before.belief.good, middle),
        ]
    return svg("belief", _HEIGHT_PX, f"{now:.3f}", [*parts, dot(_side(now, decided), now, middle)])


def _side(p: float, decided: Decided) -> str:
    return "good" if p > decided.accept else "bad" if p < decided.reject else "now"
