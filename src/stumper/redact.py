"""Takes secrets out of what is logged or shown, whatever brought them there: a message, a traceback, a field.

Adapters mask their own keys where they speak of them; this is the net below, for libraries that do not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, MutableMapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote, quote_plus

MASK: Final = "***"
_LEAST: Final = 4
"""Characters below which a secret is a word like any other: to mask it would make nonsense of every line."""
_IN_URL: Final = re.compile(r"(?<=://)([^\s/?#:@]*):([^\s/?#]+)@")
_ESCAPE: Final = re.compile("%[0-9A-F]{2}")
_BEARER: Final = re.compile(r"(?i)\b(bearer|basic)\s+[a-z0-9._~+/=-]{6,}")


def redacted(text: str, secrets: Collection[str]) -> str:
    """Returns the text without the secrets, as they are and as they stand in an address, and without
    passwords in addresses or keys in headers, whosever they are.
    """
    if (forms := _forms(frozenset(secrets))) is not None:
        text = forms.sub(MASK, text)
    if "://" in text:
        text = _IN_URL.sub(rf"\1:{MASK}@", text)
    return _BEARER.sub(rf"\1 {MASK}", text)


@lru_cache(maxsize=16)
def _forms(secrets: frozenset[str]) -> re.Pattern[str] | None:
    """What finds the secrets, longest first; None without any. Built once, for every field of a line."""
    long = [one for one in secrets if len(one) >= _LEAST]
    forms = {form for one in long for form in _written(one)}
    return re.compile("|".join(map(re.escape, sorted(forms, key=len, reverse=True)))) if forms else None


def _written(secret: str) -> set[str]:
    """Returns a secret as it is, and as addresses, forms, Python and JSON write it."""
    quoted = {quote(secret, safe=""), quote(secret), quote_plus(secret)}
    small = {_ESCAPE.sub(lambda escape: escape[0].lower(), one) for one in quoted}
    in_json = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    return {secret, repr(secret)[1:-1]} | quoted | small | in_json


class Redactor:
    """A structlog processor: what comes after it, such as a renderer, sees no secret.

    Stands after `structlog.processors.format_exc_info`, so that tracebacks are text by then.
    """

    def __init__(self, secrets: Collection[str]) -> None:
        self._secrets = frozenset(secrets)

    def __call__(
        self, _logger: Any, _method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        return {key: self._clean(value) for key, value in event.items()}

    def _clean(self, value: Any) -> Any:
        match value:
            case str():
                return redacted(value, self._secrets)
            case None | bool() | int() | float():
                return value
            case dict():
                return {
                    redacted(key, self._secrets) if isinstance(key, str) else key: self._clean(one)
                    for key, one in value.items()
                }
            case list() | tuple():
                return [self._clean(one) for one in value]
            case BaseException():
                return redacted(repr(value), self._secrets)
        # A renderer may write it either way.
        told = f"{value!s} {value!r}"
        return value if redacted(told, self._secrets) == told else redacted(str(value), self._secrets)
