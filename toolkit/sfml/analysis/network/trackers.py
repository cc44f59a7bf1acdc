"""Experiment trackers: where runs are reported to."""

from __future__ import annotations

from collections.abc import Iterator

from sfml.analysis.facts import Fact
from sfml.analysis.findings import Category
from sfml.analysis.network.finder import OFF, Finder, Need, all_texts, is_offline
from sfml.analysis.network.services import WANDB
from sfml.analysis.network.urls import is_url
from sfml.analysis.values import Value, known

# The names that trainers know the trackers by.
_TRACKERS = {
    "wandb": (Category.WANDB, WANDB),
    "comet_ml": (Category.COMET, ("www.comet.com",)),
    "neptune": (Category.TRACKING, ("app.neptune.ai",)),
    "clearml": (Category.TRACKING, ("api.clear.ml", "files.clear.ml")),
    "swanlab": (Category.TRACKING, ("api.swanlab.cn",)),
    "dagshub": (Category.TRACKING, ("dagshub.com",)),
}
_LOGGERS = {"WandbLogger": "wandb", "CometLogger": "comet_ml", "NeptuneLogger": "neptune"}
_WANDB_CALLS = frozenset(
    f"wandb.{name}"
    for name in (
        "login",
        "log",
        "Api",
        "agent",
        "sweep",
        "controller",
        "save",
        "restore",
        "use_artifact",
        "finish",
        "watch",
        "config.update",
    )
)
_MLFLOW_RUNS = frozenset({"mlflow.start_run", "mlflow.set_experiment", "mlflow.autolog"})


def wandb(finder: Finder, fact: Fact, dotted: str) -> Iterator[Need]:
    """wandb.init decides where there is one; otherwise whatever else asks the server."""
    if dotted == "wandb.init":
        mode = fact.value("mode")
        if mode.default in OFF and all(text in OFF for text in mode.texts):
            return
        off = mode.default in OFF or fact.value("disabled").default is True
        yield finder.need(fact, Category.WANDB, WANDB, option=off)
    elif dotted in _WANDB_CALLS and not any(other.dotted == "wandb.init" for other in finder.facts):
        yield finder.need(fact, Category.WANDB, WANDB)


def mlflow(finder: Finder, fact: Fact, dotted: str) -> Iterator[Need]:
    """A tracking server is contacted where its URI is set; without one, runs are files."""
    if dotted in {"mlflow.set_tracking_uri", "mlflow.set_registry_uri"}:
        yield from _tracking(finder, fact, fact.value("uri", 0))
    elif dotted.endswith("MlflowClient") and fact.has("tracking_uri", 0):
        yield from _tracking(finder, fact, fact.value("tracking_uri", 0))
    elif dotted in _MLFLOW_RUNS:
        uri = finder.program.environment("MLFLOW_TRACKING_URI")
        yield from finder.urls(fact, [uri] if uri else [], default=Category.MLFLOW)


def _tracking(finder: Finder, fact: Fact, value: Value) -> Iterator[Need]:
    texts = value.texts
    if texts and texts[0].startswith("databricks"):
        yield finder.need(fact, Category.MLFLOW, ("*.cloud.databricks.com",))
    elif any(is_url(text) for text in texts):
        yield from finder.urls(fact, texts[:1], default=Category.MLFLOW)
    elif not texts and not value.path:
        yield finder.need(fact, Category.MLFLOW, (), option=bool(value.options))


def report_to(finder: Finder, fact: Fact, value: Value) -> Iterator[Need]:
    """report_to="wandb" and log_with="wandb" of the trainers."""
    by_default = set(all_texts(known(value.default)))
    for text in all_texts(value):
        if text in _TRACKERS:
            category, hosts = _TRACKERS[text]
            yield finder.need(fact, category, hosts, option=text not in by_default)


def accelerate(finder: Finder, fact: Fact, dotted: str) -> Iterator[Need]:
    """Accelerator(log_with="wandb")."""
    if dotted.endswith("Accelerator"):
        yield from report_to(finder, fact, fact.value("log_with"))


def loggers(finder: Finder, fact: Fact, dotted: str) -> Iterator[Need]:
    """Lightning's loggers."""
    name = dotted.rpartition(".")[2]
    if name in _LOGGERS and not is_offline(fact):
        category, hosts = _TRACKERS[_LOGGERS[name]]
        yield finder.need(fact, category, hosts)
    elif name == "MLFlowLogger" and fact.has("tracking_uri"):
        yield from _tracking(finder, fact, fact.value("tracking_uri"))
