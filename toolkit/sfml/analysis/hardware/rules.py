"""What single calls say about GPUs: one small decider for each kind of call, found by name or by library."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

from sfml.analysis.facts import Fact, receiver
from sfml.analysis.findings import Gpu
from sfml.analysis.functions import tail
from sfml.analysis.hardware.context import Context
from sfml.analysis.hardware.devices import count, device_class
from sfml.analysis.hardware.libraries import RAISING
from sfml.analysis.values import Table

_TRAINERS = re.compile(
    r"^(?:transformers|trl|sentence_transformers|setfit|span_marker|adapters|"
    r"optimum)\.(?:[\w.]*\.)?\w*Trainer$"
)
_LIGHTNING = re.compile(
    r"^(?:pytorch_lightning|lightning|lightning\.pytorch|lightning\.fabric|lightning_fabric)\."
    r"(?:trainer\.|fabric\.)*(?:Trainer|Fabric)(?:\.from_argparse_args)?$"
)
BOOSTERS = frozenset({"xgboost", "lightgbm", "catboost"})
BOOSTER_KEYS = frozenset({"device", "device_type", "tree_method", "predictor", "task_type"})
_OTHERS = frozenset({"numba", "cupy", "pycuda", "mxnet"})  # libraries with a module of that name
_RAY_COUNTS = ("num_gpus", "use_gpu", "num_gpus_per_worker", "num_gpus_per_env_runner")
_DEVICE_NAMES = re.compile(r"device|\bdev\b|gpu|cuda|rank", re.IGNORECASE)
_DEVICE_OWNERS = frozenset(
    {"self", "args", "opt", "cfg", "config", "opts", "params", "hparams", "conf", "settings"}
)


# --- by the last part of the name ---


def _is_method(context: Context, fact: Fact) -> bool:
    """Whether it is a method of something that is not the project's own."""
    return context.torch and not fact.is_local and receiver(fact) is not None


def _cuda(context: Context, fact: Fact) -> Gpu | None:
    # No other library's objects have such a method; torch itself may be imported by another library only.
    del context
    return (
        Gpu.NEEDS if not fact.is_local and receiver(fact) is not None and fact.root not in _OTHERS else None
    )


def _half(context: Context, fact: Fact) -> Gpu | None:
    # Half precision is slow or missing on CPUs, so it is written for a GPU.
    return Gpu.USES if _is_method(context, fact) and not fact.node.args else None


def _to(context: Context, fact: Fact) -> Gpu | None:
    node = fact.argument("device", 0)
    if node is None or not _is_method(context, fact):
        return None
    found = device_class(context.program.evaluator.value(node, fact.call.scope))
    return Gpu.USES if found is None and _names_a_device(context, node, fact) else found


def _names_a_device(context: Context, node: ast.expr, fact: Fact) -> bool:
    """Whether an unknown argument of `to` is a device that the script chose, not that of another tensor."""
    if isinstance(node, ast.Attribute):
        owner = tail(node.value)
        return bool(_DEVICE_NAMES.search(node.attr)) and (owner in _DEVICE_OWNERS or owner.endswith("args"))
    if not isinstance(node, ast.Name) or not _DEVICE_NAMES.search(node.id):
        return False
    bindings = context.program.names.bindings(node.id, fact.call.scope)
    return not any(isinstance(b.node, ast.Attribute) and b.node.attr == "device" for b in bindings)


def _offload(context: Context, fact: Fact) -> Gpu | None:
    """pipe.enable_model_cpu_offload(): weights wait for their turn on the GPU, without which it raises."""
    return Gpu.NEEDS if _is_method(context, fact) else None


def _process_group(_: Context, fact: Fact) -> Gpu | None:
    value = fact.value("backend", 0)
    if not any(text.startswith("nccl") or "cuda:nccl" in text for text in value.texts):
        return None
    return Gpu.NEEDS if str(value.default).startswith("nccl") and not value.gpu else Gpu.USES


def _data_parallel(context: Context, fact: Fact) -> Gpu | None:
    wanted = fact.has("device_ids", 1) or not context.gloo
    return Gpu.USES if fact.dotted.startswith("torch.") and wanted else None


def _memory_growth(context: Context, fact: Fact) -> Gpu | None:
    # set_memory_growth(gpus[0], True) fails on an empty list.
    node = fact.argument("device", 0)
    if not isinstance(node, ast.Subscript):
        return None
    return Gpu.NEEDS if context.program.evaluator.value(node.value, fact.call.scope).gpu else None


def _require_gpu(_: Context, fact: Fact) -> Gpu | None:
    return Gpu.NEEDS if fact.dotted in {"spacy.require_gpu", "thinc.api.require_gpu"} else None


def _tensor_type(_: Context, fact: Fact) -> Gpu | None:
    node = fact.argument("t", 0)
    dotted = fact.program.names.dotted(node, fact.call.scope) if node is not None else ""
    given = [dotted, *fact.value("t", 0).texts]
    return Gpu.NEEDS if any(name.startswith("torch.cuda.") for name in given) else None


def _default_device(_: Context, fact: Fact) -> Gpu | None:
    if not fact.dotted.startswith(("torch.", "paddle.", "mxnet.")):
        return None
    return device_class(fact.value("device", 0))


def _mx_gpu(_: Context, fact: Fact) -> Gpu | None:
    return Gpu.NEEDS if fact.dotted in {"mxnet.gpu", "mxnet.context.gpu"} else None


def _jax_devices(_: Context, fact: Fact) -> Gpu | None:
    asked = fact.dotted in {"jax.devices", "jax.local_devices"}
    return Gpu.NEEDS if asked and fact.value("backend", 0).default in {"gpu", "cuda"} else None


# --- by library ---


def _torch(_: Context, fact: Fact) -> Gpu | None:
    parent, _dot, name = fact.dotted.rpartition(".")
    if parent == "torch.cuda" and name in RAISING:
        return Gpu.NEEDS
    named = device_class(fact.value("device_type", 0)) if fact.dotted == "torch.autocast" else None
    return Gpu.USES if named is Gpu.NEEDS else None


def _trainers(context: Context, fact: Fact) -> Gpu | None:
    return Gpu.USES if _TRAINERS.match(fact.dotted) and not context.trainers_off else None


def _lightning(_: Context, fact: Fact) -> Gpu | None:
    if not _LIGHTNING.match(fact.dotted):
        return None
    found = device_class(fact.value("accelerator"))
    if found is None and fact.has("gpus"):  # before Lightning 2
        gpus = fact.value("gpus")
        found = count(gpus) or (Gpu.NEVER if gpus.complete else None)
    return found or Gpu.USES


def _accelerate(_: Context, fact: Fact) -> Gpu | None:
    precision = fact.value("mixed_precision")
    if not fact.dotted.endswith(".Accelerator") or "fp16" not in precision.texts or is_on(fact, "cpu"):
        return None
    return Gpu.NEEDS if precision.default == "fp16" and not precision.gpu else Gpu.USES


def _booster(context: Context, fact: Fact) -> Gpu | None:
    given = dict(fact.keywords)
    for argument in fact.node.args:
        for option in context.program.evaluator.value(argument, fact.call.scope).options:
            if isinstance(option, Table):
                given.update({str(key): value for key, value in option.items.items()})
    found = {device_class(given[name]) for name in BOOSTER_KEYS & given.keys()}
    return Gpu.NEEDS if Gpu.NEEDS in found else Gpu.USES if Gpu.USES in found else None


def _simple_transformers(_: Context, fact: Fact) -> Gpu | None:
    # Its models take use_cuda=True by default and raise where there is none.
    if not fact.dotted.endswith("Model") or is_off(fact, "use_cuda"):
        return None
    return Gpu.USES if fact.value("use_cuda").gpu else Gpu.NEEDS


def _detectron(_: Context, fact: Fact) -> Gpu | None:
    return Gpu.USES if fact.dotted.endswith(("DefaultTrainer", "DefaultPredictor")) else None


def _bitsandbytes(_: Context, fact: Fact) -> Gpu | None:
    return Gpu.NEEDS if fact.dotted.startswith(("bitsandbytes.optim.", "bitsandbytes.nn.")) else None


def _ray(_: Context, fact: Fact) -> Gpu | None:
    found = {count(fact.value(name)) for name in _RAY_COUNTS}
    return Gpu.NEEDS if Gpu.NEEDS in found else Gpu.USES if Gpu.USES in found else None


def is_on(fact: Fact, *names: str) -> bool:
    """Whether one of the call's switches is on."""
    return any(fact.value(name).default is True for name in names)


def is_off(fact: Fact, *names: str) -> bool:
    """Whether one of the call's switches is off and stays so."""
    return any(fact.value(name).default is False and fact.value(name).complete for name in names)


BY_TAIL: dict[str, Callable[[Context, Fact], Gpu | None]] = {
    "cuda": _cuda,
    "half": _half,
    "bfloat16": _half,
    "to": _to,
    "enable_model_cpu_offload": _offload,
    "enable_sequential_cpu_offload": _offload,
    "init_process_group": _process_group,
    "init_distributed": _process_group,
    "DistributedDataParallel": _data_parallel,
    "DDP": _data_parallel,
    "FullyShardedDataParallel": _data_parallel,
    "FSDP": _data_parallel,
    "set_memory_growth": _memory_growth,
    "require_gpu": _require_gpu,
    "set_default_tensor_type": _tensor_type,
    "set_default_device": _default_device,
    "set_device": _default_device,
    "gpu": _mx_gpu,
    "devices": _jax_devices,
    "local_devices": _jax_devices,
}
BY_ROOT: dict[str, Callable[[Context, Fact], Gpu | None]] = {
    "torch": _torch,
    **dict.fromkeys(
        ("transformers", "trl", "sentence_transformers", "setfit", "span_marker", "adapters", "optimum"),
        _trainers,
    ),
    **dict.fromkeys(("pytorch_lightning", "lightning", "lightning_fabric"), _lightning),
    **dict.fromkeys(BOOSTERS, _booster),
    "accelerate": _accelerate,
    "simpletransformers": _simple_transformers,
    "detectron2": _detectron,
    "bitsandbytes": _bitsandbytes,
    "ray": _ray,
}
