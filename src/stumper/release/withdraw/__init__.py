"""Releases that hold something of a forgotten player: taken out of use, replaced, and deleted."""
