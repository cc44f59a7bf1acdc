"""What comes from the Hugging Face hub: models, tokenizers and data sets by name."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from sfml.analysis.facts import Fact
from sfml.analysis.findings import Category
from sfml.analysis.network.finder import Finder, Need, all_texts
from sfml.analysis.network.services import HUGGING_FACE
from sfml.analysis.network.trackers import report_to
from sfml.analysis.tree import Instance, Scope
from sfml.analysis.values import truths

# Libraries with a from_pretrained of their own that does not ask the hub.
_OWN_PRETRAINED = ("efficientnet_pytorch.", "modelscope.", "paddlenlp.", "stable_baselines3.", "ltp.")
_NAMES = (
    "pretrained_model_name_or_path",
    "model_name_or_path",
    "model_name",
    "repo_id",
    "model_id",
    "model",
)
_LOCAL_BUILDERS = frozenset(
    {
        "csv",
        "json",
        "parquet",
        "text",
        "imagefolder",
        "audiofolder",
        "videofolder",
        "arrow",
        "pandas",
        "xml",
        "webdataset",
        "generator",
        "sql",
    }
)
# Constructors that load by name: the argument, its position, and whether they load without it, too.
_LOADERS: dict[str, tuple[str, int | None, bool]] = {
    "sentence_transformers.SentenceTransformer": ("model_name_or_path", 0, False),
    "sentence_transformers.CrossEncoder": ("model_name_or_path", 0, False),
    "sentence_transformers.models.Transformer": ("model_name_or_path", 0, False),
    "vllm.LLM": ("model", 0, False),
    "faster_whisper.WhisperModel": ("model_size_or_path", 0, False),
    "whisperx.load_model": ("whisper_arch", 0, False),
    "bertopic.BERTopic": ("embedding_model", None, True),
    "langchain_huggingface.HuggingFaceEmbeddings": ("model_name", None, True),
    "langchain_community.embeddings.HuggingFaceEmbeddings": ("model_name", None, True),
    "langchain.embeddings.HuggingFaceEmbeddings": ("model_name", None, True),
    "llama_index.embeddings.huggingface.HuggingFaceEmbedding": ("model_name", 0, True),
    "simpletransformers.classification.ClassificationModel": ("model_name", 1, False),
    "simpletransformers.classification.MultiLabelClassificationModel": ("model_name", 1, False),
    "simpletransformers.ner.NERModel": ("model_name", 1, False),
    "simpletransformers.seq2seq.Seq2SeqModel": ("encoder_decoder_name", 1, False),
    "simpletransformers.t5.T5Model": ("model_name", 1, False),
    "simpletransformers.question_answering.QuestionAnsweringModel": ("model_name", 1, False),
    "simpletransformers.language_modeling.LanguageModelingModel": ("model_name", 1, False),
    "flair.embeddings.TransformerWordEmbeddings": ("model", 0, True),
    "flair.embeddings.TransformerDocumentEmbeddings": ("model", 0, True),
    "outlines.models.transformers": ("model_name", 0, False),
    "fastembed.TextEmbedding": ("model_name", 0, True),
    "mlx_lm.load": ("path_or_hf_repo", 0, False),
    "speechbrain.inference.EncoderClassifier.from_hparams": ("source", 0, False),
    "pyannote.audio.Model": ("checkpoint", 0, False),
}
LOADER_ROOTS = {name.partition(".")[0] for name in _LOADERS}


def from_pretrained(finder: Finder, fact: Fact) -> Iterator[Need]:
    """Anything.from_pretrained(name) that is not the project's own."""
    symbol = fact.symbol
    if isinstance(symbol, (Scope, Instance)):
        return
    if isinstance(symbol, str) and symbol.startswith(_OWN_PRETRAINED):
        return
    if isinstance(symbol, str) and symbol.startswith("peft."):
        yield from finder.hub_argument(fact, "model_id", 1)
        return
    name = next((name for name in _NAMES if fact.has(name)), _NAMES[0])
    yield from finder.hub_argument(fact, name, 0)


def load_dataset(finder: Finder, fact: Fact) -> Iterator[Need]:
    """datasets.load_dataset: a name of the hub, or a builder that reads files or URLs."""
    if not fact.dotted.startswith("datasets."):
        return
    if fact.value("path", 0).default in _LOCAL_BUILDERS:
        yield from finder.urls(fact, list(all_texts(fact.value("data_files"))))
    else:
        yield from finder.hub_argument(fact, "path", 0)


def push_to_hub(finder: Finder, fact: Fact) -> Iterator[Need]:
    """x.push_to_hub(…)."""
    if not fact.is_local:
        yield finder.need(fact, Category.HUGGING_FACE, HUGGING_FACE)


def loaders(finder: Finder, fact: Fact, dotted: str) -> Iterator[Need]:
    """Constructors of other libraries that load from the hub by name."""
    root, _, name = dotted.partition(".")[0], "", dotted.rpartition(".")[2]
    key = dotted if dotted in _LOADERS else _same_class(root, name)
    if key is None:
        return
    argument, position, always = _LOADERS[key]
    if fact.has(argument, position):
        yield from finder.hub_argument(fact, argument, position)
    elif always:
        yield finder.need(fact, Category.HUGGING_FACE, HUGGING_FACE)


def _same_class(root: str, name: str) -> str | None:
    """The table's entry for a class that the library also offers under another module."""
    return next((k for k in _LOADERS if k.partition(".")[0] == root and k.rpartition(".")[2] == name), None)


def transformers(finder: Finder, fact: Fact, dotted: str) -> Iterator[Need]:
    """pipeline(), trainers and their arguments."""
    if dotted in {"transformers.pipeline", "transformers.pipelines.pipeline"}:
        yield from _pipeline(finder, fact)
    elif fact.trains:
        yield from report_to(finder, fact, fact.value("report_to"))
        pushes = fact.value("push_to_hub")
        if True in truths(pushes):
            yield finder.need(fact, Category.HUGGING_FACE, HUGGING_FACE, option=pushes.default is False)
    elif dotted.endswith("Trainer") and dotted.startswith("trl."):
        model = fact.value("model", 0)
        if model.texts or model.origins:  # else it is a model that was loaded before
            yield from finder.hub_argument(fact, "model", 0)


def _pipeline(finder: Finder, fact: Fact) -> Iterator[Need]:
    value, node = fact.value("model", 1), fact.argument("model", 1)
    if not fact.has("model", 1):
        yield finder.need(fact, Category.HUGGING_FACE, HUGGING_FACE)  # the task's own model
    elif value.texts or value.origins or not isinstance(node, ast.Name):
        yield from finder.hub(fact, value, node)  # else it is a model that was loaded before
