"""The category of a question: a small classifier trained on the lessons written for it."""

from __future__ import annotations

from stumper.curate.classify.label import Labelled, categories, classify, classify_many

__all__ = ["Labelled", "categories", "classify", "classify_many"]
