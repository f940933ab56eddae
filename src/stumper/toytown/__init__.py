"""Toytown, the embedded world: cartoon scenes drawn from a scene graph, so every question has a known answer.

`world` holds the nouns, `sample` makes a scene from a seed, `draw` turns it into a picture, `questions` asks about
it. Nothing here knows a model; the tiny model that looks at Toytown is trained by its sibling modules.
"""

from __future__ import annotations
