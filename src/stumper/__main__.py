"""``python -m stumper`` is the same as ``stumper``."""

from stumper.cli import main

main()
