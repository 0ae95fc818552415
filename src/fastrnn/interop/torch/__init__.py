"""Models and weights from PyTorch and to it; :func:`load_state_dict` needs no PyTorch."""

from fastrnn.interop.torch.loading import load_state_dict, to_state_dict
from fastrnn.interop.torch.modules import from_module, to_module

__all__ = ["from_module", "load_state_dict", "to_module", "to_state_dict"]
