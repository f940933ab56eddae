"""Opponents behind one port: picture and question in, answer out. ``open_model(ref)`` picks the adapter."""

from __future__ import annotations

from stumper.vlm.base import Answer, Capabilities, Model, open_model
from stumper.vlm.check import check_model
from stumper.vlm.picture import decode, open_picture
from stumper.vlm.scripted import Script, ScriptedModel

__all__ = [
    "Answer",
    "Capabilities",
    "Model",
    "Script",
    "ScriptedModel",
    "check_model",
    "decode",
    "open_model",
    "open_picture",
]
