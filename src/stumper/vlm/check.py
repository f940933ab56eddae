"""``stumper models check REF``: asks one real question and says what the opponent can do."""

from __future__ import annotations

from collections.abc import Mapping

from stumper.errors import ModelRefused
from stumper.vlm.base import Capabilities, open_model


async def check_model(ref: str, *, secrets: Mapping[str, str] | None = None) -> Capabilities:
    """Opens a model, asks it about a generated picture and closes it.

    Raises BadSetting or NotFound for a reference that cannot be opened, ModelUnavailable for a wrong address
    or a server that is down, ModelTimeout, and ModelRefused for a key, a model name or a model without
    vision.
    """
    model = await open_model(ref, secrets=secrets)
    try:
        found = await model.check()
    finally:
        await model.close()
    if not found.vision:
        raise ModelRefused(
            f"The model {found.model!r} says the same about a red and a blue ball, so it does not seem to "
            "see the picture. Choose a model with vision, or start its server with the vision part loaded."
        )
    return found
