"""Style, scripts, fonts and drawings, under an address that changes with their content.

What is text is compressed once, as well as can be, when it is asked for first.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from functools import cache
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Header, Response

from stumper.errors import NotFound

_FOLDER = Path(__file__).parent / "static"
_FOREVER = "public, max-age=31536000, immutable"
_PACKED_ALREADY: Final = frozenset({".woff2", ".png", ".webp"})
mimetypes.add_type("font/woff2", ".woff2")  # unknown to Python on some systems

router = APIRouter(include_in_schema=False)


def _files() -> dict[str, Path]:
    return {
        path.relative_to(_FOLDER).as_posix(): path for path in sorted(_FOLDER.rglob("*")) if path.is_file()
    }


FILES = _files()
"""Everything that may be asked for, by name: no path from outside ever touches the disk."""
_PAGES = sorted(path for path in (_FOLDER.parent / "templates").rglob("*") if path.is_file())
DIGEST = hashlib.sha256(b"".join(path.read_bytes() for path in (*FILES.values(), *_PAGES))).hexdigest()[:12]
"""The version of pages and scripts; the play page loads itself again when the server has another one."""


def asset(name: str) -> str:
    """Returns the address of a static file; it changes with the content, so browsers may keep it for good."""
    if name not in FILES:
        raise KeyError(f"static/{name} does not exist")
    return f"/static/{DIGEST}/{name}"


@cache
def read(name: str) -> bytes:
    """Returns a static file. Raises KeyError."""
    return FILES[name].read_bytes()


@cache
def packed(name: str) -> bytes | None:
    """Returns a static file compressed by gzip, or None where that would gain nothing."""
    return None if FILES[name].suffix in _PACKED_ALREADY else gzip.compress(read(name), mtime=0)


@router.get("/static/{digest}/{name:path}")
async def static(digest: str, name: str, accept_encoding: Annotated[str, Header()] = "") -> Response:
    """Serves a file; a page from before an update still gets it, but must not keep it."""
    if name not in FILES:
        raise NotFound(f"There is no file static/{name[:100]}.")
    headers = {"Cache-Control": _FOREVER if digest == DIGEST else "no-cache"}
    body = packed(name) if "gzip" in accept_encoding else None
    if packed(name) is not None:
        headers["Vary"] = "Accept-Encoding"
    if body is not None:
        headers["Content-Encoding"] = "gzip"
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Response(read(name) if body is None else body, media_type=kind, headers=headers)
