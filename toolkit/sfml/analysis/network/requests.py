"""URLs that a call asks for: requests, readers that take a URL for a path, and writers that take a bucket."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator

from sfml.analysis.facts import Fact, receiver
from sfml.analysis.findings import Category
from sfml.analysis.network.finder import Finder, Need, all_texts, path_values
from sfml.analysis.network.urls import bucket_hosts, host_of, is_local_path, is_url
from sfml.analysis.values import Value

_REQUESTS = re.compile(
    r"^(?:requests|httpx|curl_cffi\.requests)\.(?:(?:Session|sessions\.Session|session|Client|"
    r"AsyncClient)\(\)\.)?"
    r"(?:get|post|put|patch|delete|head|request|stream|options|send)$|"
    r"^aiohttp\.ClientSession\(\)\.(?:get|post|put|patch|delete|head|request|ws_connect)$|"
    r"^urllib\.request\.(?:urlopen|urlretrieve|Request|URLopener\(\)\.retrieve)$|"
    r"^urllib3\.(?:PoolManager\(\)\.)?request$|"
    r"^(?:wget\.download|pooch\.retrieve|pooch\.create|feedparser\.parse|smart_open\.open|fsspec\.open|"
    r"torch\.hub\.download_url_to_file|torch\.hub\.load_state_dict_from_url|"
    r"torch\.utils\.model_zoo\.load_url|"
    r"torchvision\.datasets\.utils\.download\w*|torchtext\.utils\.download_from_url|"
    r"(?:tensorflow\.)?keras\.utils\.get_file|fastai\.data\.external\.untar_data|websockets\.connect|"
    r"sentence_transformers\.util\.http_get|websocket\.create_connection|gradio_client\.Client|"
    r"basicsr\.utils\.download_util\.load_file_from_url)$"
)
_READERS = re.compile(
    r"^(?:pandas|polars|modin\.pandas|dask\.dataframe|cudf|geopandas|duckdb|pyarrow\.\w+)\.(?:read|"
    r"scan)_\w+$|"
    r"^(?:numpy\.(?:loadtxt|genfromtxt)|skimage\.io\.imread|imageio(?:\.v[23])?\.imread|torchvision\.io\.\w+|"
    r"xarray\.open_\w+|fsspec\.(?:filesystem|get_mapper|open_files)|tensorflow\.io\.(?:gfile\.\w+|read_file)|"
    r"zarr\.open\w*|h5py\.File|open|matplotlib\.pyplot\.imread|gzip\.open|pyarrow\.parquet\.\w+|"
    r"tensorflow\.data\.(?:TFRecordDataset|TextLineDataset)|transformers\.image_utils\.load_image|"
    r"diffusers\.utils\.load_image|webdataset\.WebDataset|streaming\.StreamingDataset)$"
)
_PAGES = re.compile(r"^(?:langchain\w*|llama_index|haystack)\.[\w.]*(?:Loader|Reader|Fetcher)(?:\(\)\.\w+)?$")
_PAGE_NAMES = ("web_path", "web_paths", "urls", "url")
# The libraries that the patterns name.
ROOTS = frozenset(
    """
    aiohttp basicsr cudf curl_cffi dask diffusers duckdb fastai feedparser fsspec geopandas
    gradio_client gzip h5py haystack httpx imageio keras langchain langchain_community llama_index
    matplotlib modin numpy open pandas polars pooch pyarrow pyspark
    requests sentence_transformers skimage smart_open streaming tensorflow torch torchtext torchvision
    transformers urllib urllib3 webdataset websocket websockets wget xarray zarr
    """.split()  # noqa: SIM905 - a list literal would be a page long
)
VERBS = frozenset(
    {"get", "post", "put", "patch", "delete", "head", "request", "stream", "options", "send", "ws_connect"}
)
TORCH_TAILS = (
    "download_url_to_file",
    "load_state_dict_from_url",
    "load_url",
    "loadtxt",
    "genfromtxt",
    "imread",
)
# Requests whose URL may well be a local path, so that an unknown one says nothing.
_EITHER = frozenset({"open", "Request", "Client"})
WRITERS = (
    "to_csv",
    "to_parquet",
    "to_json",
    "to_pickle",
    "to_feather",
    "to_excel",
    "write_csv",
    "write_parquet",
    "sink_parquet",
)


def asked(finder: Finder, fact: Fact, dotted: str) -> Iterator[Need]:
    """What a request, or a reader of paths and URLs, contacts."""
    kind = _kind(dotted)
    if kind is _REQUESTS:
        yield from _request(finder, fact)
    elif kind is _READERS:
        yield from finder.urls(fact, [text for value in path_values(fact) for text in value.texts])
    elif kind is _PAGES:
        values = [fact.value("", 0), *(fact.value(name) for name in _PAGE_NAMES)]
        yield from finder.urls(fact, [text for value in values for text in all_texts(value)])
    elif fact.root == "pyspark":
        texts = [text for value in path_values(fact) for text in all_texts(value)]
        yield from finder.urls(fact, [text for text in texts if bucket_hosts(text)])


@functools.lru_cache(maxsize=4096)  # the same few names come in every module
def _kind(dotted: str) -> re.Pattern[str] | None:
    return next((pattern for pattern in (_REQUESTS, _READERS, _PAGES) if pattern.match(dotted)), None)


def _request(finder: Finder, fact: Fact) -> Iterator[Need]:
    texts = [text for value in _url_values(fact) for text in value.texts]
    yield from finder.urls(fact, texts)
    is_known = any(is_url(text) or bucket_hosts(text) or is_local_path(text) for text in texts)
    if not is_known and fact.tail not in _EITHER and not _has_base_url(finder, fact):
        yield finder.need(fact, Category.HTTP, ())


def _url_values(fact: Fact) -> list[Value]:
    evaluator, scope = fact.program.evaluator, fact.call.scope
    named = [item.value for item in fact.node.keywords if item.arg in {"url", "origin", "uri"}]
    position = 1 if fact.tail in {"request", "stream", "get_file"} else 0
    positional = fact.node.args[position : position + 1]
    return [evaluator.value(node, scope) for node in (*named, *positional)]


def _has_base_url(finder: Finder, fact: Fact) -> bool:
    """Whether the session was made with a base URL, which is not in the call."""
    base = receiver(fact)
    if not isinstance(base, ast.Name):
        return False
    bindings = finder.program.names.bindings(base.id, fact.call.scope)
    made = [binding.node for binding in bindings if isinstance(binding.node, ast.Call)]
    return any(item.arg == "base_url" for call in made for item in call.keywords)


def sessions(finder: Finder, fact: Fact, dotted: str) -> Iterator[Need]:
    """httpx.Client(base_url=…) and aiohttp.ClientSession(base_url)."""
    if dotted.endswith(("Client", "ClientSession")):
        yield from finder.urls(
            fact, fact.value("base_url", 0 if dotted.startswith("aiohttp") else None).texts
        )


def writes(finder: Finder, fact: Fact) -> Iterator[Need]:
    """frame.to_csv("s3://…") and other writers."""
    if not fact.is_local:
        texts = [text for value in path_values(fact) for text in value.texts]
        yield from finder.urls(fact, [t for t in texts if bucket_hosts(t) or t.startswith("hf://")])


def git(finder: Finder, fact: Fact, dotted: str) -> Iterator[Need]:
    """git.Repo.clone_from(url)."""
    if dotted.endswith("clone_from"):
        for text in fact.value("url", 0).texts:
            host = host_of(text)
            yield finder.need(fact, Category.GIT, (host,) if host else ())
