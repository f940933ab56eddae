"""What people type and models say, made harmless before it enters a prompt or a training text.

It never becomes a control token. The model adapters use it for questions, releases for what others train on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Final

# <image>, </s>, <|im_end|> ...: chat templates and tokenizers take such words in the middle of a question for
# their own. With one <image> too many transformers fails, with a </s> the player's turn ends.
_MARK: Final = re.compile(r"<(?=[|/]?[^\s<>]{1,60}>)")
# [INST], [/INST], [IMG_BREAK], [TOOL_CALLS] ...: the same in the templates of Mistral and Llama 2.
_BRACKET: Final = re.compile(r"\[(?=/?(?:INST|IMG|TOOL|SYSTEM|AVAILABLE|PREFIX|SUFFIX|MIDDLE)[A-Z_]*\])")


def defused(text: str, *, tokens: Iterable[str] = ()) -> str:
    """Returns the text with a space inside all that looks like a control token, and inside ``tokens``.

    >>> defused("is 2 < 3? <image></s>")
    'is 2 < 3? < image>< /s>'
    """
    spaced = _BRACKET.sub("[ ", _MARK.sub("< ", text))
    for token in tokens:
        if len(token) > 1:
            spaced = spaced.replace(token, f"{token[0]} {token[1:]}")
    return spaced


def as_data(texts: Mapping[str, str], *, longest: int) -> str:
    """Returns texts that people typed as one JSON object, each cut to ``longest`` characters and defused.

    >>> as_data({"question": 'say "yes"'}, longest=100)
    '{"question": "say \\\\"yes\\\\""}'
    """
    whole = {key: defused(text[:longest]).encode("utf-8", "replace").decode() for key, text in texts.items()}
    return json.dumps(whole, ensure_ascii=False)
