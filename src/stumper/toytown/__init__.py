"""Toytown, the embedded world: cartoon scenes drawn from a scene graph, so every question has a known answer.

`world` holds the nouns, `sample` makes a scene from a seed, `draw` turns it into a picture, `questions` asks
about it. None of these knows a model; the tiny model that looks at Toytown is trained by their siblings.
"""

from __future__ import annotations
