"""Weights and data sets that the frameworks download by themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sfml.analysis.facts import Fact
from sfml.analysis.findings import Category
from sfml.analysis.network.finder import Finder, Need, is_file
from sfml.analysis.network.services import (
    GITHUB,
    GOOGLE_STORAGE,
    HUGGING_FACE,
    S3,
    TORCH,
    TORCHVISION,
)
from sfml.analysis.network.urls import host_of, is_home, is_url
from sfml.analysis.values import Value, truths

_TORCH_HUB = frozenset({"torch.hub.load", "torch.hub.list", "torch.hub.help", "torch.hub.download"})
_PRETRAINED = (
    ("weights", None),
    ("pretrained", 0),
    ("weights_backbone", None),
    ("pretrained_backbone", None),
)
_WITH_BACKBONE = re.compile(r"\.(?:detection|segmentation)\.\w+_\w+$")
_TF_HUB_CALLS = frozenset({"load", "KerasLayer", "Module", "resolve"})


def torch(finder: Finder, fact: Fact, dotted: str) -> Iterator[Need]:
    """torch.hub, unless it is told to look in a local folder."""
    if dotted in _TORCH_HUB and fact.value("source").default != "local":
        yield finder.need(fact, Category.TORCH_HUB, (*GITHUB, *TORCH))


def torchvision(finder: Finder, fact: Fact, dotted: str) -> Iterator[Need]:
    """Pretrained models and downloaded data sets of torchvision and its siblings."""
    if "()." in dotted:
        return
    if ".models" in dotted:
        yield from _weights(finder, fact, dotted)
    elif ".datasets." in dotted or dotted.startswith("medmnist."):
        downloads = fact.value("download")
        if True in truths(downloads) or (not downloads.options and fact.has("download")):
            hosts = TORCHVISION.get(dotted.rpartition(".")[2], ())
            yield finder.need(fact, Category.DATASET, hosts, option=downloads.default is False)


def _weights(finder: Finder, fact: Fact, dotted: str) -> Iterator[Need]:
    for name, position in _PRETRAINED:
        outcomes = truths(fact.value(name, position))
        if fact.has(name, position) and (True in outcomes or not outcomes):
            option = bool(outcomes) and not outcomes[0]
            yield finder.need(fact, Category.TORCH_HUB, TORCH, option=option)
            return
    has_backbone = fact.has("weights_backbone") or fact.has("pretrained_backbone")
    if _WITH_BACKBONE.search(dotted) and not has_backbone:
        yield finder.need(fact, Category.TORCH_HUB, TORCH)  # the backbone's weights are the default


def keras(finder: Finder, fact: Fact, dotted: str) -> Iterator[Need]:
    """Weights of keras.applications, which come with ImageNet by default."""
    if ".applications." not in dotted or not _is_class(dotted):
        return
    weights = fact.value("weights")
    if not (fact.has("weights") and (_is_none(weights) or is_file(weights))):
        yield finder.need(fact, Category.TF_HUB, GOOGLE_STORAGE)


def tf_hub(finder: Finder, fact: Fact, dotted: str) -> Iterator[Need]:
    """hub.load and hub.KerasLayer by URL."""
    texts = fact.value("handle", 0).texts
    if dotted.rpartition(".")[2] in _TF_HUB_CALLS and (not texts or any(map(is_url, texts))):
        yield finder.need(fact, Category.TF_HUB, ("tfhub.dev", "www.kaggle.com", *GOOGLE_STORAGE))


def timm(finder: Finder, fact: Fact, dotted: str) -> Iterator[Need]:
    """timm.create_model(pretrained=True)."""
    value = fact.value("pretrained", 1)
    if dotted.endswith("create_model") and True in truths(value):
        yield finder.need(fact, Category.HUGGING_FACE, HUGGING_FACE, option=value.default is False)


def segmentation_models(finder: Finder, fact: Fact, dotted: str) -> Iterator[Need]:
    """segmentation_models_pytorch takes ImageNet weights unless told None."""
    if not _is_class(dotted) or ".losses." in dotted or ".metrics." in dotted:
        return
    if not (fact.has("encoder_weights") and _is_none(fact.value("encoder_weights"))):
        yield finder.need(fact, Category.HUGGING_FACE, HUGGING_FACE)


def ultralytics(finder: Finder, fact: Fact, dotted: str) -> Iterator[Need]:
    """YOLO("yolo11n.pt") fetches a release asset unless the file is there."""
    name = next(iter(fact.value("model", 0).texts), "")
    is_asset = name.endswith(".pt") and "/" not in name and not finder.exists(name)
    if dotted.rpartition(".")[2] in {"YOLO", "RTDETR", "SAM"} and is_asset:
        yield finder.need(fact, Category.GIT, GITHUB)


def aws(finder: Finder, fact: Fact, dotted: str) -> Iterator[Need]:
    """boto3's clients, at Amazon or at an endpoint of their own."""
    if dotted.rpartition(".")[2] not in {"client", "resource"}:
        return
    endpoints = fact.value("endpoint_url").texts
    if endpoints:
        yield from finder.urls(fact, endpoints[:1], default=Category.CLOUD_STORAGE)
    elif fact.value("service_name", 0).default in {"s3", None}:
        yield finder.need(fact, Category.CLOUD_STORAGE, S3)
    else:
        yield finder.need(fact, Category.CLOUD_STORAGE, ("*.amazonaws.com",))


def stores(finder: Finder, fact: Fact, dotted: str) -> Iterator[Need]:
    """Azure by account URL, MinIO by endpoint."""
    del dotted
    texts = [*fact.value("account_url", 0).texts, *fact.value("endpoint", 0).texts]
    for text in texts[:1]:
        host = host_of(text if "://" in text else f"https://{text}")
        if host and not is_home(text):
            yield finder.need(fact, Category.CLOUD_STORAGE, (host,))


def _is_class(dotted: str) -> bool:
    return dotted.rpartition(".")[2][:1].isupper()


def _is_none(value: Value) -> bool:
    return value.complete and value.options == (None,)
