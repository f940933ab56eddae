"""The release that the exports of other tests come from."""

from __future__ import annotations

from tests.release.export.conftest import release

__all__ = ["release"]
