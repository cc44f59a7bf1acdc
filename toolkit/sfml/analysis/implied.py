"""Packages that no import names: an option of another library needs them when the script runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sfml.analysis.facts import Fact
from sfml.analysis.packages import Need
from sfml.analysis.values import Row, Value, known, truths

_TRANSFORMERS_TRAINER = re.compile(r"^transformers\.(?:\w+\.)*(?:Seq2Seq)?Trainer$")
_REPORTERS = {
    "wandb": "wandb",
    "mlflow": "mlflow",
    "comet_ml": "comet-ml",
    "tensorboard": "tensorboard",
    "neptune": "neptune",
    "clearml": "clearml",
}
_SCHEMES = {"s3://": "s3fs", "gs://": "gcsfs", "abfs://": "adlfs", "abfss://": "adlfs", "az://": "adlfs"}
# Lightning's loggers import their library when they are made.
_LOGGERS = {
    "WandbLogger": "wandb",
    "MLFlowLogger": "mlflow",
    "CometLogger": "comet-ml",
    "NeptuneLogger": "neptune",
    "TensorBoardLogger": "tensorboard",
}
# What Keras 3 imports for itself (keras.io/getting_started, 2026).
_KERAS_BACKENDS = {name: name for name in ("tensorflow", "jax", "torch")}
_EXCEL = frozenset({"read_excel", "to_excel", "ExcelWriter"})


def implied(facts: Iterable[Fact]) -> Iterator[Need]:
    """Every package that a call needs beside what is imported."""
    for fact in facts:
        dotted = fact.dotted
        if fact.root == "keras":
            backend = fact.program.environment("KERAS_BACKEND") or "tensorflow"
            if backend in _KERAS_BACKENDS:
                yield Need(name=_KERAS_BACKENDS[backend], evidence=fact.evidence())
        if not dotted and fact.tail not in {
            "to_excel",
            "to_parquet",
            "to_csv",
            "to_hdf",
            "to_markdown",
            "from_pretrained",
        }:
            continue
        for name in sorted({*_by_call(fact, dotted)}):
            if not fact.condition.never:
                yield Need(name=name, evidence=fact.evidence())


def _by_call(fact: Fact, dotted: str) -> Iterator[str]:
    if _TRANSFORMERS_TRAINER.match(dotted):
        yield "accelerate"
    if fact.trains:
        yield from _training_arguments(fact)
    if fact.tail == "from_pretrained" or dotted.startswith("transformers."):
        yield from _loading(fact)
    if dotted == "torch.utils.tensorboard.SummaryWriter" or dotted.startswith(
        "torch.utils.tensorboard.writer"
    ):
        yield "tensorboard"
    if dotted.rpartition(".")[2] in _LOGGERS:
        yield _LOGGERS[dotted.rpartition(".")[2]]
    if dotted.startswith("pandas.") or fact.tail.startswith("to_"):
        yield from _pandas(fact)


def _training_arguments(fact: Fact) -> Iterator[str]:
    for text in _texts(known(fact.value("report_to").default)):
        if text in _REPORTERS:
            yield _REPORTERS[text]
    optimizer = fact.value("optim").default
    if isinstance(optimizer, str) and ("bnb" in optimizer or "8bit" in optimizer or "paged" in optimizer):
        yield "bitsandbytes"
    if isinstance(fact.value("deepspeed").default, str):
        yield "deepspeed"


def _loading(fact: Fact) -> Iterator[str]:
    if fact.has("device_map") and fact.value("device_map").default is not None:
        yield "accelerate"
    if any((truths(fact.value(name)) or [False])[0] for name in ("load_in_4bit", "load_in_8bit")):
        yield "bitsandbytes"
        yield "accelerate"
    attention = fact.value("attn_implementation").default
    if isinstance(attention, str) and attention.startswith("flash_attention"):
        yield "flash-attn"


def _pandas(fact: Fact) -> Iterator[str]:
    if fact.tail in _EXCEL:
        yield "openpyxl"
    if fact.tail in {"to_hdf", "read_hdf", "HDFStore"}:
        yield "tables"
    if fact.tail == "read_html":
        yield "lxml"
    if fact.tail == "to_markdown":
        yield "tabulate"
    if fact.value("engine").default == "fastparquet":
        yield "fastparquet"
    for position in (0,):
        for text in fact.value("path", position).texts:
            yield from (package for scheme, package in _SCHEMES.items() if text.startswith(scheme))


def _texts(value: Value) -> list[str]:
    found: list[str] = []
    for option in value.options:
        items = [item.default for item in option.items] if isinstance(option, Row) else [option]
        found += [item for item in items if isinstance(item, str)]
    return found
