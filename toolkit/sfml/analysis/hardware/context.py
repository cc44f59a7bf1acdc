"""What the rules for single calls need to know of the whole program."""

from __future__ import annotations

from sfml.analysis.facts import Fact
from sfml.analysis.program import Program
from sfml.analysis.values import Row

_TORCH = frozenset(
    """
    torch pytorch_lightning lightning transformers diffusers kornia torchvision torchaudio torchtext timm
    torch_geometric sentence_transformers peft fairseq monai speechbrain open_clip clip
    """.split()  # noqa: SIM905 - a list literal would be a page long
)
_JAX = frozenset({"jax", "flax", "haiku", "equinox", "optax", "numpyro"})
_TENSORFLOW = frozenset(
    {"tensorflow", "keras", "tf_keras", "tensorflow_hub", "tensorflow_probability", "keras_hub"}
)
_JAX_SETTINGS = frozenset({"jax_platform_name", "jax_platforms"})


class Context:
    """The libraries that a program imports, and those that it keeps off the GPU."""

    def __init__(self, program: Program, facts: list[Fact], declared: frozenset[str]) -> None:
        self.program = program
        self.roots = {one.root for one in program.foreign}
        self.torch = bool(self.roots & _TORCH)
        self.hidden = _hidden(program, facts) | (_TENSORFLOW if "tensorflow-cpu" in declared else set())
        self.trainers_off = any(map(_keeps_trainer_off, facts))
        self.gloo = any(map(_is_gloo, facts))


def _hidden(program: Program, facts: list[Fact]) -> set[str]:
    """Frameworks that the program keeps off the GPU."""
    hidden: set[str] = set()
    if "cpu" in {program.environment("JAX_PLATFORMS"), program.environment("JAX_PLATFORM_NAME")}:
        hidden |= _JAX
    for fact in facts:
        if fact.tail == "set_visible_devices" and _hides_all(fact):
            hidden |= _TENSORFLOW
        elif fact.dotted == "jax.config.update" and _sets_cpu(fact):
            hidden |= _JAX
    return hidden


def _hides_all(fact: Fact) -> bool:
    """tf.config.set_visible_devices([], "GPU")."""
    devices = fact.value("devices", 0).default
    named = fact.value("device_type", 1).default == "GPU"
    return named and isinstance(devices, Row) and not devices.items and fact.condition.always


def _sets_cpu(fact: Fact) -> bool:
    """jax.config.update("jax_platforms", "cpu")."""
    return fact.value("name", 0).default in _JAX_SETTINGS and fact.value("val", 1).default == "cpu"


def _keeps_trainer_off(fact: Fact) -> bool:
    if not fact.node.keywords or not fact.trains:
        return False
    return any(fact.value(name).default is True for name in ("use_cpu", "no_cuda"))


def _is_gloo(fact: Fact) -> bool:
    return fact.tail == "init_process_group" and fact.value("backend", 0).default == "gloo"
