"""Mixed precision: autocast runs matrix products in bfloat16 and sensitive functions in float32.

>>> import numtorch as torch
>>> model = torch.nn.Linear(4, 2)
>>> with torch.autocast("cpu", dtype=torch.bfloat16):
...     out = model(torch.ones(3, 4))
>>> out.dtype, model.weight.dtype
(torch.bfloat16, torch.float32)
"""

from .autocast_mode import autocast, custom_bwd, custom_fwd, is_autocast_available
from .grad_scaler import GradScaler

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd", "is_autocast_available"]
