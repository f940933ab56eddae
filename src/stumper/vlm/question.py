"""What players type, made harmless before it enters a prompt: it never becomes a control token."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

# <image>, </s>, <|im_end|> ...: chat templates and tokenizers take such words in the middle of a question for
# their own. With one <image> too many transformers fails, with a </s> the player's turn ends.
_MARK: Final = re.compile(r"<(?=[|/]?[^\s<>]{1,60}>)")


def defused(question: str, *, tokens: Iterable[str] = ()) -> str:
    """Returns the question with a space inside all that looks like a control token, and inside ``tokens``.

    >>> defused("is 2 < 3? <image></s>")
    'is 2 < 3? < image>< /s>'
    """
    spaced = _MARK.sub("< ", question)
    for token in tokens:
        if len(token) > 1:
            spaced = spaced.replace(token, f"{token[0]} {token[1:]}")
    return spaced
