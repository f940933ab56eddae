"""How a picture is sent: private to the player, with nothing that tells its kind."""

from __future__ import annotations

from fastapi import Response

_SIGNATURES = ((b"\x89PNG", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"RIFF", "image/webp"))


def picture_response(data: bytes) -> Response:
    """Returns the stored bytes; the type is read from them, since the address has no file name."""
    media_type = next(
        (name for start, name in _SIGNATURES if data.startswith(start)), "application/octet-stream"
    )
    return Response(data, media_type=media_type, headers={"Cache-Control": "private, max-age=3600"})
