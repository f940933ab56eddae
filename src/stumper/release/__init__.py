"""Stage 5: examples are frozen into a versioned data set with image-disjoint splits, a manifest and a card.

A release is a folder that never changes. Its id is its content: the same examples and seed give the same
bytes. Needs the extra `data` (pyarrow) to build; to verify and to read one needs nothing but the base
install.
"""

from __future__ import annotations

from stumper.release.formats import Row, read_rows
from stumper.release.freeze import freeze
from stumper.release.manifest import Manifest, read_manifest, verify_release

__all__ = ["Manifest", "Row", "freeze", "read_manifest", "read_rows", "verify_release"]
