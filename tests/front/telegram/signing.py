"""Signs Mini App data as Telegram does."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Final
from urllib.parse import urlencode

from tests.fake_telegram import TOKEN

NOW: Final = 1_000_000.0
USER: Final = json.dumps({"id": 7, "first_name": "Ada", "language_code": "pt-br"})


def sign(*, token: str = TOKEN, **fields: str) -> str:
    """Returns signed ``initData`` with these fields beside the usual ones."""
    signed = {"query_id": "AAE", "user": USER, "auth_date": str(int(NOW)), "signature": "s-_", **fields}
    lines = "\n".join(f"{name}={signed[name]}" for name in sorted(signed))
    secret = hmac.new(b"WebAppData", token.encode(), hashlib.sha256).digest()
    digest = hmac.new(secret, lines.encode(), hashlib.sha256).hexdigest()
    return urlencode({**signed, "hash": digest})
