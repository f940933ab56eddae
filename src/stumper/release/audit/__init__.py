"""What any VQA data set holds and what is wrong with it: one file in, a list of findings out.

`sources` says which files, `readers` reads records, `shapes` finds question and reference in them, `wording`
looks at one row, `tally` keeps columns, `measure` counts, `findings` holds the counts against `limits`,
`page` shows all of it, `beside` sets two of them side by side.
"""

from __future__ import annotations

from stumper.release.audit.beside import Cell, Line, beside
from stumper.release.audit.records import Audit, Columns, Finding, Severity
from stumper.release.audit.run import audit

__all__ = ["Audit", "Cell", "Columns", "Finding", "Line", "Severity", "audit", "beside"]
