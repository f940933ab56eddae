"""A release in the form that a trainer or a benchmark reads: one small file a format, `formats` lists them.

Only what is frozen is read (`source`), never the database; a folder appears whole or not at all (`writing`).
"""

from __future__ import annotations

from stumper.release.export.croissant import croissant
from stumper.release.export.formats import FORMATS, Format
from stumper.release.export.hub import push
from stumper.release.export.run import export
from stumper.release.export.source import Source, open_release, rows
from stumper.release.export.writing import Images

__all__ = ["FORMATS", "Format", "Images", "Source", "croissant", "export", "open_release", "push", "rows"]
