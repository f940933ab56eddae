"""Watching for cheats: `trust.signals` found in the database, kept, told in plain words, appealed against."""
