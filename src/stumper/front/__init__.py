"""Fronts: the web game. They parse, call ``play``, ``trust`` and ``curate``, and show; no rule lives here."""
