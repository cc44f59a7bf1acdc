"""Which libraries need a GPU, and which take one by themselves (their documentation, 2026)."""

from __future__ import annotations

import functools
import re

# Packages that do nothing without a GPU: importing them, or their first call, fails.
GPU_ONLY = frozenset(
    {
        "cupy",
        "cupyx",
        "cudf",
        "cuml",
        "cugraph",
        "cuspatial",
        "cuxfilter",
        "cuvs",
        "dask_cudf",
        "pycuda",
        "tensorrt",
        "tensorrt_llm",
        "torch_tensorrt",
        "flash_attn",
        "apex",
        "vllm",
        "sglang",
        "unsloth",
        "exllamav2",
        "auto_gptq",
        "gptqmodel",
        "awq",
        "mamba_ssm",
        "causal_conv1d",
        "tinycudann",
        "transformer_engine",
        "torchsparse",
        "MinkowskiEngine",
        "cuda",
        "nvidia.dali",
        "deepspeed",
    }
)

# Libraries whose every computation takes a GPU where there is one.
LIBRARIES = (
    "tensorflow.",
    "keras.",
    "tf_keras.",
    "keras_core.",
    "keras_hub.",
    "keras_nlp.",
    "keras_cv.",
    "keras_tuner.",
    "tensorflow_probability.",
    "tensorflow_addons.",
    "tensorflow_hub.",
    "tensorflow_recommenders.",
    "tf_agents.",
    "jax.",
    "flax.",
    "haiku.",
    "equinox.",
    "optax.",
    "numpyro.infer.",
    "paddle.",
    "fastai.",
    "ultralytics.",
    "autogluon.",
)
# Things that choose a device when they are made, the GPU where there is one and no other is named.
CHOOSERS = (
    "pytorch_tabnet.",
    "tabpfn.",
    "flair.trainers.",
    "flair.models.",
    "darts.models.",
    "gluonts.torch.",
    "neuralforecast.",
    "pytorch_forecasting.",
    "setfit.",
    "mmcv.runner.",
    "torch.cuda.amp.",
    "torch.amp.",
)
CHOOSER_NAMES = frozenset(
    {
        "accelerate.Accelerator",
        "accelerate.PartialState",
        "accelerate.accelerator.Accelerator",
        "bertopic.BERTopic",
        "composer.Trainer",
        "composer.trainer.Trainer",
        "easyocr.Reader",
        "faster_whisper.WhisperModel",
        "keybert.KeyBERT",
        "mmengine.runner.Runner",
        *(f"stable_baselines3.{name}" for name in ("A2C", "DDPG", "DQN", "PPO", "SAC", "TD3")),
        *(f"sb3_contrib.{name}" for name in ("ARS", "MaskablePPO", "QRDQN", "RecurrentPPO", "TQC", "TRPO")),
        "sentence_transformers.CrossEncoder",
        "sentence_transformers.SentenceTransformer",
        "spacy.prefer_gpu",
        "thinc.api.prefer_gpu",
        "torch.nn.DataParallel",
        "transformers.pipeline",
        "transformers.pipelines.pipeline",
        "whisper.load_model",
        "whisperx.load_model",
        "lightning.pytorch.cli.LightningCLI",
        "pytorch_lightning.cli.LightningCLI",
    }
)
# Parts of the above that compute nothing.
IDLE = re.compile(
    r"^(?:tensorflow\.(?:io|summary|data\.TFRecordDataset|compat\.v1\.(?:logging|flags|app)|logging|"
    r"get_logger|config|"
    r"random\.set_seed|flags|app|train\.(?:Example|Feature\w*|\w+List)|version|python_io|test|"
    r"keras\.utils|distribute\.cluster_resolver|autograph)|keras\.(?:utils|datasets)|"
    r"tensorflow\.keras\.datasets|"
    r"jax\.(?:config|default_backend|devices|local_devices|device_count|local_device_count|tree_util|"
    r"tree|debug)|"
    r"ultralytics\.(?:settings|utils|\w+$)|paddle\.(?:seed|set_device)|torch\.(?:cuda\.)?amp\.custom_|"
    r"accelerate\.utils|autogluon\.common|jax\.random\.(?:PRNGKey|key)$)\b"
)

# torch.cuda functions that raise where there is no GPU; the others answer or do nothing.
RAISING = frozenset(
    {
        "set_device",
        "synchronize",
        "get_device_name",
        "get_device_properties",
        "current_device",
        "mem_get_info",
        "Stream",
        "Event",
        "current_stream",
        "stream",
        "FloatTensor",
        "LongTensor",
        "HalfTensor",
        "ByteTensor",
        "IntTensor",
        "DoubleTensor",
        "BoolTensor",
        "CUDAGraph",
    }
)


@functools.lru_cache(maxsize=4096)  # the same few names come in every module
def is_automatic(dotted: str) -> bool:
    """Whether a call takes a GPU where there is one, without being told to."""
    if dotted in CHOOSER_NAMES:
        return True
    if dotted.startswith(CHOOSERS):
        return "()" not in dotted and not IDLE.match(dotted)
    return dotted.startswith(LIBRARIES) and not IDLE.match(dotted)


AUTOMATIC_ROOTS = frozenset(name.partition(".")[0] for name in (*LIBRARIES, *CHOOSERS, *CHOOSER_NAMES))
