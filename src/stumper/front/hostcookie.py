"""Names of cookies that no other host and no plain http can set, and reading what a device chose."""

from __future__ import annotations

from typing import Final

from fastapi import Request

HOST: Final = "__Host-"
"""Browsers take a cookie named so by https only, for this host alone, with Path=/."""


def chosen(request: Request, name: str) -> str:
    """Returns what this device chose, by https or before that; empty where it chose nothing."""
    return request.cookies.get(f"{HOST}{name}") or request.cookies.get(name, "")
