"""Style, scripts, fonts and drawings, under an address that changes with their content, and /healthz."""

from __future__ import annotations

import hashlib
from pathlib import Path

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse

from stumper import __version__
from stumper.errors import NotFound
from stumper.front import queries
from stumper.front.parts import Parts

_FOLDER = Path(__file__).parent / "static"
_FOREVER = "public, max-age=31536000, immutable"

router = APIRouter(include_in_schema=False)


def _files() -> dict[str, Path]:
    return {
        path.relative_to(_FOLDER).as_posix(): path for path in sorted(_FOLDER.rglob("*")) if path.is_file()
    }


FILES = _files()
"""Everything that may be asked for, by name: no path from outside ever touches the disk."""
DIGEST = hashlib.sha256(b"".join(path.read_bytes() for path in FILES.values())).hexdigest()[:12]


def asset(name: str) -> str:
    """Returns the address of a static file; it changes with the content, so browsers may keep it for good."""
    if name not in FILES:
        raise KeyError(f"static/{name} does not exist")
    return f"/static/{DIGEST}/{name}"


@router.get("/static/{digest}/{name:path}")
async def static(digest: str, name: str) -> Response:
    """Serves a file; a page from before an update still gets it, but must not keep it."""
    path = FILES.get(name)
    if path is None:
        raise NotFound(f"There is no file static/{name[:100]}.")
    return FileResponse(path, headers={"Cache-Control": _FOREVER if digest == DIGEST else "no-cache"})


@router.get("/healthz")
async def healthz(app: Parts) -> dict[str, str]:
    """Says that the server runs and its database answers; 503 where it does not."""
    async with app.database.read() as tx:
        await queries.ping(tx)
    return {"status": "ok", "version": __version__}
