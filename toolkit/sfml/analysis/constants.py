"""Names outside the project whose worth in the job is known: constants, and functions that ask for GPUs."""

from __future__ import annotations

from sfml.analysis.values import FALSE, TRUE, UNKNOWN, Row, Value, depends, known

_CONSTANTS: dict[str, Value] = {
    "typing.TYPE_CHECKING": FALSE,
    "typing_extensions.TYPE_CHECKING": FALSE,
    "sys.platform": known("linux"),
    "os.name": known("posix"),
    "os.sep": known("/"),
    "os.path.sep": known("/"),
    "os.curdir": known("."),
    "sys.executable": known("python"),
    "accelerate.Accelerator().device": depends("cuda", "cpu", gpu=True),
    "accelerate.PartialState().device": depends("cuda", "cpu", gpu=True),
    "accelerate.Accelerator().is_main_process": TRUE,
    "hydra.core.hydra_config.HydraConfig.get().runtime.output_dir": depends(
        "outputs", origins=["hydra.run.dir"]
    ),
}
GPU_QUESTIONS = frozenset(
    {
        "torch.cuda.is_available",
        "torch.cuda.is_bf16_supported",
        "torch.cuda.is_initialized",
        "torch.cuda.device_count",
        "torch.cuda.get_device_capability",
        "torch.accelerator.is_available",
        "torch.distributed.is_nccl_available",
        "transformers.is_torch_cuda_available",
        "transformers.utils.is_torch_cuda_available",
        "transformers.utils.import_utils.is_torch_cuda_available",
        "transformers.utils.is_torch_bf16_gpu_available",
        "transformers.utils.is_torch_gpu_available",
        "accelerate.utils.is_cuda_available",
        "tensorflow.test.is_gpu_available",
        "tensorflow.test.is_built_with_cuda",
        "tensorflow.test.gpu_device_name",
        "cupy.cuda.is_available",
        "numba.cuda.is_available",
        "GPUtil.getGPUs",
        "GPUtil.getAvailable",
        "GPUtil.getFirstAvailable",
        "lightning.fabric.accelerators.CUDAAccelerator.is_available",
        "trl.trainer.utils.is_bf16_supported",
        "unsloth.is_bfloat16_supported",
        "unsloth.is_bf16_supported",
    }
)
GPU_LISTS = frozenset(
    {
        "tensorflow.config.list_physical_devices",
        "tensorflow.config.experimental.list_physical_devices",
        "tensorflow.config.list_logical_devices",
        "tensorflow.config.experimental.list_logical_devices",
    }
)
GPU_NAMES = frozenset(
    {
        "jax.default_backend",
        "jax.lib.xla_bridge.get_backend().platform",
        "torch.accelerator.current_accelerator",
    }
)
NEVER_ON_LINUX = frozenset(
    {"torch.backends.mps.is_available", "torch.backends.mps.is_built", "torch.xpu.is_available"}
)

# Functions that give back their first argument, as far as values go.
FIRST = frozenset(
    {
        "str",
        "torch.device",
        "jax.device_put",
        "os.fspath",
        "os.fsdecode",
        "os.path.abspath",
        "os.path.realpath",
        "os.path.normpath",
        "os.path.expanduser",
        "os.path.expandvars",
        "pathlib.PurePath",
        "pathlib.PosixPath",
        "pathlib.PurePosixPath",
        "upath.UPath",
        "copy.copy",
        "copy.deepcopy",
        "list",
        "tuple",
        "set",
        "sorted",
        "vars",
        "types.MappingProxyType",
        "easydict.EasyDict",
        "omegaconf.OmegaConf.create",
        "omegaconf.OmegaConf.to_container",
        "ml_collections.ConfigDict",
        "box.Box",
        "munch.Munch",
        "munch.munchify",
        "addict.Dict",
        "typing.cast",
        "urllib.parse.quote",
        "urllib.request.Request",
        "httpx.URL",
        "yarl.URL",
        "torch.cuda.device",
        "dataclasses.asdict",
        "hydra.utils.to_absolute_path",
        "hydra.utils.get_original_cwd",
        "transformers.utils.cached_file",
    }
)


def constant(dotted: str, python: tuple[int, int]) -> Value:
    """A constant of the standard library or a framework, as it is in the job."""
    if dotted == "sys.version_info":
        return known(Row((known(python[0]), known(python[1]), known(0))))
    if dotted in {"sys.version_info.major", "sys.version_info[0]"}:
        return known(python[0])
    if dotted in {"sys.version_info.minor", "sys.version_info[1]"}:
        return known(python[1])
    return _CONSTANTS.get(dotted, UNKNOWN)
