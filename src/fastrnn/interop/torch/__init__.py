"""Conversion of models and weights from and to PyTorch; weights do not need PyTorch."""

from fastrnn.interop.torch.loading import load_state_dict, to_state_dict
from fastrnn.interop.torch.modules import from_module, to_module

__all__ = ["from_module", "load_state_dict", "to_module", "to_state_dict"]
