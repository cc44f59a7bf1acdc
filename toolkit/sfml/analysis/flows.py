"""Where paths flow to: which calls write to them, log to them, make them or read from them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from sfml.analysis.facts import Fact, receiver
from sfml.analysis.findings import Evidence
from sfml.analysis.tree import Scope
from sfml.analysis.values import Value, leaves


class Use(IntEnum):
    """What is done with a path."""

    WRITTEN = 3
    LOGGED = 2
    MADE = 1  # a folder was made: for data, as likely as for outputs
    READ = 0


@dataclass(frozen=True, slots=True)
class Flow:
    """A path that reaches a call which reads or writes there."""

    use: Use
    value: Value
    evidence: Evidence
    scope: Scope


# Methods whose path argument is (position, keywords); the receiver's own path is position -1.
_WRITERS: dict[str, tuple[int, tuple[str, ...]]] = {
    "to_csv": (0, ("path_or_buf", "path")),
    "to_parquet": (0, ("path",)),
    "to_json": (0, ("path_or_buf",)),
    "to_pickle": (0, ("path",)),
    "to_excel": (0, ("excel_writer",)),
    "to_feather": (0, ("path",)),
    "to_hdf": (0, ("path_or_buf",)),
    "to_html": (0, ("buf",)),
    "to_netcdf": (0, ("path",)),
    "to_zarr": (0, ("store",)),
    "to_file": (0, ("filename",)),
    "write_csv": (0, ("file",)),
    "write_parquet": (0, ("file",)),
    "write_json": (0, ("file",)),
    "write_ipc": (0, ("file",)),
    "write_html": (0, ("file",)),
    "write_image": (0, ("file",)),
    "sink_parquet": (0, ("path",)),
    "savefig": (0, ("fname",)),
    "save_pretrained": (0, ("save_directory",)),
    "save_model": (0, ("output_dir", "fname", "path", "filename")),
    "save_weights": (0, ("filepath",)),
    "save_to_disk": (0, ("dataset_path",)),
    "save_state": (0, ("output_dir",)),
    "save_checkpoint": (0, ("filepath", "save_dir")),
    "save_16bit_model": (0, ("save_dir",)),
    "save_adapter": (0, ("save_directory",)),
    "save_vocabulary": (0, ("save_directory",)),
    "save_lora_weights": (0, ("save_directory",)),
    "save_to_directory": (0, ()),
    "save_pretrained_merged": (0, ("save_directory",)),
    "save_word2vec_format": (0, ("fname",)),
    "write_text": (-1, ()),
    "write_bytes": (-1, ()),
    "touch": (-1, ()),
    "imwrite": (0, ("filename", "uri")),
    "imsave": (0, ("fname",)),
    "mimsave": (0, ("uri",)),
    "export_graphviz": (1, ("out_file",)),
    "save_image": (1, ("fp",)),
    "save_file": (1, ("filename",)),
    "VideoWriter": (0, ("filename",)),
    "make_archive": (0, ("base_name",)),
    "copytree": (1, ("dst",)),
    "copyfile": (1, ("dst",)),
    "copy2": (1, ("dst",)),
    "move": (1, ("dst",)),
}
# Functions by their full name.
_FUNCTIONS: dict[str, tuple[int, tuple[str, ...]]] = {
    "torch.save": (1, ("f",)),
    "torch.jit.save": (1, ("f",)),
    "torch.onnx.export": (2, ("f",)),
    "joblib.dump": (1, ("filename",)),
    "sklearn.externals.joblib.dump": (1, ("filename",)),
    "numpy.save": (0, ("file",)),
    "numpy.savez": (0, ("file",)),
    "numpy.savez_compressed": (0, ("file",)),
    "numpy.savetxt": (0, ("fname",)),
    "scipy.io.savemat": (0, ("file_name",)),
    "scipy.sparse.save_npz": (0, ("file",)),
    "scipy.io.wavfile.write": (0, ("filename",)),
    "soundfile.write": (0, ("file",)),
    "torchaudio.save": (0, ("uri",)),
    "shutil.copy": (1, ("dst",)),
    "tensorflow.saved_model.save": (1, ("export_dir",)),
    "tensorflow.train.Saver().save": (1, ("save_path",)),
    "tensorflow.compat.v1.train.Saver().save": (1, ("save_path",)),
    "tensorflow.train.CheckpointManager": (1, ("directory",)),
    "tensorflow.keras.models.save_model": (1, ("filepath",)),
    "keras.models.save_model": (1, ("filepath",)),
    "tensorflow.io.write_file": (0, ("filename",)),
    "paddle.save": (1, ("path",)),
    "onnx.save": (1, ("f",)),
    "pyarrow.parquet.write_table": (1, ("where",)),
    "flax.training.checkpoints.save_checkpoint": (0, ("ckpt_dir",)),
    "orbax.checkpoint.CheckpointManager": (0, ("directory",)),
    "pandas.ExcelWriter": (0, ("path",)),
    "pandas.HDFStore": (0, ("path",)),
    "mlflow.pytorch.save_model": (1, ("path",)),
    "mlflow.sklearn.save_model": (1, ("path",)),
    "gensim.utils.pickle": (1, ("fname",)),
    "imageio.get_writer": (0, ("uri",)),
    "pickle.dump": (9, ()),
    "json.dump": (9, ()),
    "yaml.dump": (9, ()),
    "dill.dump": (9, ()),
    "cloudpickle.dump": (9, ()),
}
# Objects that write into a folder they are told of when they are made.
_KEEPERS: dict[str, tuple[int, tuple[str, ...], Use]] = {
    "ModelCheckpoint": (0, ("filepath", "dirpath"), Use.WRITTEN),
    "BackupAndRestore": (0, ("backup_dir",), Use.WRITTEN),
    "Checkpointer": (1, ("save_dir",), Use.WRITTEN),
    "EvalCallback": (9, ("best_model_save_path", "log_path"), Use.WRITTEN),
    "CheckpointCallback": (1, ("save_path",), Use.WRITTEN),
    "SummaryWriter": (0, ("log_dir", "logdir"), Use.LOGGED),
    "create_file_writer": (0, ("logdir",), Use.LOGGED),
    "FileWriter": (0, ("logdir",), Use.LOGGED),
    "TensorBoard": (0, ("log_dir",), Use.LOGGED),
    "TensorBoardLogger": (0, ("save_dir",), Use.LOGGED),
    "CSVLogger": (0, ("save_dir", "filename"), Use.LOGGED),
    "WandbLogger": (9, ("save_dir",), Use.LOGGED),
    "MLFlowLogger": (9, ("save_dir",), Use.LOGGED),
    "FileHandler": (0, ("filename",), Use.LOGGED),
    "RotatingFileHandler": (0, ("filename",), Use.LOGGED),
    "basicConfig": (9, ("filename",), Use.LOGGED),
    "Accelerator": (9, ("project_dir", "logging_dir"), Use.LOGGED),
    "Monitor": (1, ("filename",), Use.LOGGED),
    "RecordVideo": (1, ("video_folder",), Use.WRITTEN),
    "RunConfig": (9, ("storage_path", "local_dir"), Use.WRITTEN),
    "EmissionsTracker": (9, ("output_dir",), Use.LOGGED),
}
_OPENERS = frozenset(
    {
        "open",
        "io.open",
        "codecs.open",
        "gzip.open",
        "bz2.open",
        "lzma.open",
        "fsspec.open",
        "smart_open.open",
        "h5py.File",
        "tensorflow.io.gfile.GFile",
        "tensorflow.gfile.GFile",
        "tensorflow.gfile.Open",
        "zipfile.ZipFile",
        "tarfile.open",
        "aiofiles.open",
        "zarr.open",
        "netCDF4.Dataset",
        "xopen.xopen",
        "tensorflow.io.gfile.open",
        "jsonlines.open",
        "lmdb.open",
    }
)
READERS = re.compile(
    r"^(?:read_\w+|load\w*|from_pretrained|listdir|glob|iglob|rglob|iterdir|scandir|walk|imread|parse|"
    r"fromfile|loadtxt|"
    r"genfromtxt|restore\w*|open_dataset|ImageFolder|load_from_checkpoint|loadmat|DatasetFolder|"
    r"flow_from_directory|"
    r"image_dataset_from_directory|TFRecordDataset|scan_\w+|ZipFile|Dataset|load_state_dict)$"
)
_READ_KEYWORDS = (
    "path",
    "file",
    "filename",
    "root",
    "directory",
    "filepath_or_buffer",
    "data_files",
    "data_dir",
)
# Keywords under which trainers and others take a folder to write into.
FOLDERS = (
    "default_root_dir",
    "output_dir",
    "output_path",
    "checkpoint_dir",
    "work_dir",
    "project_dir",
    "save_dir",
)
_MODE = re.compile(r"^[rwax]b?t?\+?$")
_MAKERS = frozenset({"makedirs", "mkdir", "ensure_dir", "mkdir_or_exist", "MakeDirs", "check_mkdir"})


def flows_of(facts: Iterable[Fact]) -> list[Flow]:
    """Every path that the program reads or writes."""
    return [flow for fact in facts for flow in _flows(fact) if not fact.condition.never]


def _flows(fact: Fact) -> Iterator[Flow]:
    for use, value in _paths(fact):
        if value.options or value.origins:
            yield Flow(use, value, fact.evidence(), fact.call.scope)


def _paths(fact: Fact) -> Iterator[tuple[Use, Value]]:
    name, dotted = fact.tail, fact.dotted
    if fact.is_local and not dotted:
        return
    if dotted in _OPENERS or name == "open":
        yield from _opened(fact)
    elif dotted in _FUNCTIONS:
        position, names = _FUNCTIONS[dotted]
        yield from _given(fact, position, names, Use.WRITTEN)
    elif name in _KEEPERS:
        position, names, use = _KEEPERS[name]
        yield from _given(fact, position, names, use)
    elif fact.trains:
        yield from _given(fact, 0, ("output_dir",), Use.WRITTEN)
        yield from _given(fact, 99, ("logging_dir",), Use.LOGGED)
    elif name in _WRITERS:
        position, names = _WRITERS[name]
        yield from _given(fact, position, names, Use.WRITTEN)
    elif name in {"save", "dump", "export"} and "." in (dotted or "x.y"):
        yield from _saved(fact)
    elif name in _MAKERS:
        yield from _given(
            fact, 0 if fact.node.args and not _is_path_method(fact) else -1, ("name", "path"), Use.MADE
        )
    elif READERS.match(name):
        yield from _given(fact, 0, _READ_KEYWORDS, Use.READ)
        yield from _given(fact, -1, (), Use.READ)
    yield from _rooted(fact)


def _rooted(fact: Fact) -> Iterator[tuple[Use, Value]]:
    """Trainers that take a folder to write into."""
    if isinstance(fact.symbol, str):
        for name in fact.names:
            if name in FOLDERS:
                yield Use.WRITTEN, fact.value(name)


def _is_path_method(fact: Fact) -> bool:
    base = receiver(fact)
    return fact.tail == "mkdir" and base is not None and fact.dotted != "os.mkdir"


def _given(fact: Fact, position: int, names: tuple[str, ...], use: Use) -> Iterator[tuple[Use, Value]]:
    evaluator = fact.program.evaluator
    if position == -1:
        base = receiver(fact)
        if base is not None:
            yield use, evaluator.value(base, fact.call.scope)
        return
    for name in names:
        if fact.has(name):
            yield from ((use, value) for value in leaves(fact.value(name)))
    if position < len(fact.node.args):
        yield use, fact.value("", position)


def _opened(fact: Fact) -> Iterator[tuple[Use, Value]]:
    second = fact.value("", 1).default  # of opener.open(path, "wb")
    path_method = fact.dotted not in _OPENERS and not (isinstance(second, str) and _MODE.match(second))
    mode = fact.value("mode", 0 if path_method else 1).default
    writes = isinstance(mode, str) and bool(set(mode) & set("wax+"))
    if path_method and not writes and fact.node.args and not isinstance(mode, str):
        return
    yield from _given(
        fact, -1 if path_method else 0, ("file", "name", "filename"), Use.WRITTEN if writes else Use.READ
    )


def _saved(fact: Fact) -> Iterator[tuple[Use, Value]]:
    """model.save(path), image.save(path), writer.export(path): the argument that is a path."""
    value = fact.value("", 0)
    if value.texts or value.head:
        yield Use.WRITTEN, value
        return
    for name in ("path", "filepath", "fp", "filename", "fname", "output_file"):
        if fact.has(name):
            yield Use.WRITTEN, fact.value(name)
            return


TAILS = frozenset(
    {
        *_WRITERS,
        *_KEEPERS,
        *_MAKERS,
        *(name.rpartition(".")[2] for name in (*_FUNCTIONS, *_OPENERS)),
        "save",
        "dump",
        "export",
    }
)
