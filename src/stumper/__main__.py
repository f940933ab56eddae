"""``python -m stumper`` is the same as ``stumper``."""

from stumper.cli import main

if __name__ == "__main__":  # processes that draw pictures import this module again
    main()
