"""Lets torchvision be imported beside a torch it was not compiled for (extra `train`).

Many processors of vision-language models resize with torchvision. Its wheels on PyPI are compiled for CUDA;
beside a CPU build of torch their compiled operators cannot load, and the import ends with "operator
torchvision::nms does not exist". No processor uses these operators: it is enough that they have a name.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from typing import Any, Final

_NAMED: Final = ("nms", "qnms")
"""What torchvision registers shapes for while it is imported (0.28)."""
_FORM: Final = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


@cache
def mend_torchvision() -> Any:
    """Imports torchvision, naming its operators first if they cannot load; returns what keeps them named.

    Does nothing where torchvision is not installed: processors that need it say so themselves.
    """
    if importlib.util.find_spec("torchvision") is None:
        return None
    try:
        import torchvision  # noqa: F401
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        return _name_operators()
    return None


def _name_operators() -> Any:
    import sys

    import torch

    names = torch.library.Library("torchvision", "DEF")
    for name in _NAMED:
        names.define(name + _FORM)
    for module in [one for one in sys.modules if one.split(".")[0] == "torchvision"]:
        del sys.modules[module]  # what the failed import left
    import torchvision  # noqa: F401

    return names
