"""A device that is not there: it computes on the CPU, and refuses what a GPU would refuse.

Its tensors say that they lie on `rehearsal:0`. An operation between them and the CPU's fails as it
would on a GPU; numbers of no axis and index tensors may lie on the CPU, as they may there.
"""

import torch
import torch.utils.backend_registration as backends
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing
from torch.utils._pytree import tree_flatten, tree_map

NAME = "rehearsal"
_MOVES = {"aten._to_copy.default", "aten.copy_.default"}
_CPU_INDICES = {"aten.index.Tensor", "aten.index_put_.default", "aten._index_put_impl_.default"}


class Lent(torch.Tensor):
    """A CPU tensor, `inner`, that says it lies on the rehearsal device."""

    @staticmethod
    def __new__(cls, inner):
        return torch.Tensor._make_wrapper_subclass(
            cls, inner.shape, strides=inner.stride(), storage_offset=inner.storage_offset(),
            dtype=inner.dtype, device=f"{NAME}:0", requires_grad=inner.requires_grad,
        )  # fmt: skip

    def __init__(self, inner):
        self.inner = inner

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return run(func, args, kwargs or {})


def run(func, args, kwargs):
    name = str(func)
    flat, _ = tree_flatten((args, kwargs))
    tensors = [x for x in flat if isinstance(x, torch.Tensor)]
    lent = any(isinstance(x, Lent) for x in tensors)
    if lent and name not in _MOVES and name not in _CPU_INDICES:
        strangers = [x for x in tensors if not isinstance(x, Lent) and x.ndim]
        assert not strangers, f"{name} between the rehearsal device and the CPU"
    device = kwargs.get("device")
    asked = device is not None and torch.device(device).type == NAME
    plain = dict(kwargs, device="cpu") if device is not None else kwargs
    out = func(*(_unwrap(args)), **_unwrap(plain))
    if name == "aten.copy_.default":
        return args[0]
    if not (asked if device is not None else lent):
        return out
    wrapped = tree_map(lambda x: Lent(x) if type(x) is torch.Tensor else x, out)
    return return_and_correct_aliasing(func, args, kwargs, wrapped) if lent else wrapped


def _unwrap(values):
    return tree_map(lambda x: x.inner if isinstance(x, Lent) else x, values)


class Rehearsal(TorchDispatchMode):
    """Within it, `rehearsal` can be asked for like any device."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return run(func, args, kwargs or {})


class _Module(backends._DummyBackendModule):
    def get_amp_supported_dtype(self):
        return [torch.bfloat16]


def register():
    """Make the device's name known to PyTorch; once a process, and never undone."""
    backends._setup_privateuseone_for_python_backend(NAME, backend_module=_Module())
    library = torch.library.Library("_", "IMPL", "AutocastPrivateUse1")
    library.fallback(torch.library.fallthrough_kernel)
    # `torch.tensor` and `new_tensor` fill a CPU tensor and move it below every mode.
    aten = torch.library.Library("aten", "IMPL")
    aten.impl("empty_strided", _empty_strided, "PrivateUse1")
    aten.impl("_copy_from", _copy_from, "PrivateUse1")
    return library, aten


def _copy_from(source, target, non_blocking=False):
    _unwrap(target).copy_(_unwrap(source))
    return target


def _empty_strided(size, stride, *, dtype=None, **_):
    return Lent(torch.empty_strided(size, stride, dtype=dtype))
