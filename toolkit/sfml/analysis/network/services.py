"""Which hosts the libraries of training scripts contact by themselves (their documentation, 2026)."""

from __future__ import annotations

from dataclasses import dataclass

from sfml.analysis.findings import Category

PYPI = ("pypi.org", "files.pythonhosted.org")
# The hub answers with redirects to its storage; with huggingface.co alone a download stalls half-way.
HUGGING_FACE = ("huggingface.co", "*.huggingface.co", "*.hf.co", "*.xethub.hf.co")
WANDB = ("api.wandb.ai", "wandb.ai")
TORCH = ("download.pytorch.org",)
GITHUB = ("github.com", "codeload.github.com", "objects.githubusercontent.com", "raw.githubusercontent.com")
KAGGLE = ("www.kaggle.com", "storage.googleapis.com")
GOOGLE_STORAGE = ("storage.googleapis.com",)
S3 = ("s3.amazonaws.com", "*.s3.amazonaws.com")


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """What calling something contacts. ``local`` are words in an argument's value that keep it at home."""

    category: Category
    hosts: tuple[str, ...]


def _of(category: Category, *hosts: str) -> Service:
    return Service(category=category, hosts=hosts)


# By dotted name; one that ends in "." stands for every call of what it contains. The longest match counts.
BY_NAME: dict[str, Service] = {
    # Hugging Face and what loads from its hub
    "huggingface_hub.": _of(Category.HUGGING_FACE, *HUGGING_FACE),
    "evaluate.load": _of(Category.HUGGING_FACE, *HUGGING_FACE),
    "evaluate.combine": _of(Category.HUGGING_FACE, *HUGGING_FACE),
    "datasets.load_metric": _of(Category.HUGGING_FACE, *HUGGING_FACE),
    "datasets.get_dataset_config_names": _of(Category.HUGGING_FACE, *HUGGING_FACE),
    "datasets.get_dataset_split_names": _of(Category.HUGGING_FACE, *HUGGING_FACE),
    "datasets.load_dataset_builder": _of(Category.HUGGING_FACE, *HUGGING_FACE),
    "keybert.KeyBERT": _of(Category.HUGGING_FACE, *HUGGING_FACE),
    "bert_score.score": _of(Category.HUGGING_FACE, *HUGGING_FACE),
    "bert_score.BERTScorer": _of(Category.HUGGING_FACE, *HUGGING_FACE),
    "tabpfn.": _of(Category.HUGGING_FACE, *HUGGING_FACE),
    "open_clip.create_model_and_transforms": _of(Category.HUGGING_FACE, *HUGGING_FACE),
    "stanza.download": _of(Category.HUGGING_FACE, *HUGGING_FACE),
    "stanza.Pipeline": _of(Category.HUGGING_FACE, *HUGGING_FACE),
    # experiment tracking
    "comet_ml.Experiment": _of(Category.COMET, "www.comet.com"),
    "comet_ml.ExistingExperiment": _of(Category.COMET, "www.comet.com"),
    "comet_ml.start": _of(Category.COMET, "www.comet.com"),
    "comet_ml.login": _of(Category.COMET, "www.comet.com"),
    "comet_ml.init": _of(Category.COMET, "www.comet.com"),
    "comet_ml.API": _of(Category.COMET, "www.comet.com"),
    "comet_ml.Optimizer": _of(Category.COMET, "www.comet.com"),
    "neptune.init_run": _of(Category.TRACKING, "app.neptune.ai"),
    "neptune.init": _of(Category.TRACKING, "app.neptune.ai"),
    "neptune.init_model": _of(Category.TRACKING, "app.neptune.ai"),
    "neptune.init_project": _of(Category.TRACKING, "app.neptune.ai"),
    "neptune.new.init": _of(Category.TRACKING, "app.neptune.ai"),
    "neptune.new.init_run": _of(Category.TRACKING, "app.neptune.ai"),
    "clearml.Task.": _of(Category.TRACKING, "api.clear.ml", "files.clear.ml", "app.clear.ml"),
    "clearml.Dataset.": _of(Category.TRACKING, "api.clear.ml", "files.clear.ml", "app.clear.ml"),
    "trains.Task.": _of(Category.TRACKING, "api.clear.ml", "files.clear.ml"),
    "swanlab.init": _of(Category.TRACKING, "api.swanlab.cn", "swanlab.cn"),
    "swanlab.login": _of(Category.TRACKING, "api.swanlab.cn", "swanlab.cn"),
    "dagshub.": _of(Category.TRACKING, "dagshub.com"),
    "weave.init": _of(Category.WANDB, *WANDB, "trace.wandb.ai"),
    "langsmith.": _of(Category.TRACKING, "api.smith.langchain.com"),
    "langfuse.": _of(Category.TRACKING, "cloud.langfuse.com"),
    "sentry_sdk.init": _of(Category.TRACKING, "*.ingest.sentry.io"),
    "telegram.": _of(Category.HTTP, "api.telegram.org"),
    "slack_sdk.": _of(Category.HTTP, "slack.com"),
    # hosted models
    "anthropic.": _of(Category.ANTHROPIC, "api.anthropic.com"),
    "langchain_anthropic.": _of(Category.ANTHROPIC, "api.anthropic.com"),
    "llama_index.llms.anthropic.": _of(Category.ANTHROPIC, "api.anthropic.com"),
    "anthropic.AnthropicBedrock": _of(Category.CLOUD_STORAGE, "*.amazonaws.com"),
    "cohere.": _of(Category.LLM_API, "api.cohere.com"),
    "langchain_cohere.": _of(Category.LLM_API, "api.cohere.com"),
    "mistralai.": _of(Category.LLM_API, "api.mistral.ai"),
    "langchain_mistralai.": _of(Category.LLM_API, "api.mistral.ai"),
    "groq.": _of(Category.LLM_API, "api.groq.com"),
    "langchain_groq.": _of(Category.LLM_API, "api.groq.com"),
    "together.": _of(Category.LLM_API, "api.together.xyz"),
    "replicate.": _of(Category.LLM_API, "api.replicate.com"),
    "google.generativeai.": _of(Category.LLM_API, "generativelanguage.googleapis.com"),
    "google.genai.": _of(Category.LLM_API, "generativelanguage.googleapis.com"),
    "langchain_google_genai.": _of(Category.LLM_API, "generativelanguage.googleapis.com"),
    "vertexai.": _of(Category.LLM_API, "aiplatform.googleapis.com"),
    "voyageai.": _of(Category.LLM_API, "api.voyageai.com"),
    "fireworks.": _of(Category.LLM_API, "api.fireworks.ai"),
    "pinecone.": _of(Category.HTTP, "api.pinecone.io", "*.pinecone.io"),
    "tavily.": _of(Category.HTTP, "api.tavily.com"),
    "elevenlabs.": _of(Category.LLM_API, "api.elevenlabs.io"),
    "deepl.": _of(Category.HTTP, "api.deepl.com", "api-free.deepl.com"),
    "deepgram.": _of(Category.LLM_API, "api.deepgram.com"),
    "assemblyai.": _of(Category.LLM_API, "api.assemblyai.com"),
    # models and corpora of other libraries
    "nltk.download": _of(Category.NLTK, "raw.githubusercontent.com"),
    "nltk.downloader.download": _of(Category.NLTK, "raw.githubusercontent.com"),
    "nltk.downloader.Downloader": _of(Category.NLTK, "raw.githubusercontent.com"),
    "spacy.cli.download": _of(Category.GIT, *GITHUB),
    "spacy.cli.download.download": _of(Category.GIT, *GITHUB),
    "gensim.downloader.load": _of(Category.GIT, *GITHUB),
    "tiktoken.": _of(Category.HTTP, "openaipublic.blob.core.windows.net"),
    "whisper.load_model": _of(Category.HTTP, "openaipublic.azureedge.net"),
    "clip.load": _of(Category.HTTP, "openaipublic.azureedge.net"),
    "easyocr.Reader": _of(Category.GIT, *GITHUB),
    "efficientnet_pytorch.EfficientNet.from_pretrained": _of(Category.GIT, *GITHUB),
    "paddleocr.PaddleOCR": _of(Category.HTTP, "paddleocr.bj.bcebos.com"),
    "modelscope.": _of(Category.HTTP, "modelscope.cn", "www.modelscope.cn"),
    "detectron2.model_zoo.get_checkpoint_url": _of(Category.HTTP, "dl.fbaipublicfiles.com"),
    "fasttext.util.download_model": _of(Category.HTTP, "dl.fbaipublicfiles.com"),
    "torchaudio.pipelines.": _of(Category.TORCH_HUB, *TORCH),
    "torchtext.vocab.GloVe": _of(Category.DATASET, "nlp.stanford.edu", "downloads.cs.stanford.edu"),
    "torchtext.vocab.FastText": _of(Category.DATASET, "dl.fbaipublicfiles.com"),
    # data sets
    "sklearn.datasets.fetch_openml": _of(
        Category.DATASET, "api.openml.org", "data.openml.org", "www.openml.org"
    ),
    "openml.": _of(Category.DATASET, "api.openml.org", "data.openml.org", "www.openml.org"),
    **{
        f"sklearn.datasets.fetch_{name}": _of(Category.DATASET, "ndownloader.figshare.com")
        for name in (
            "20newsgroups",
            "20newsgroups_vectorized",
            "california_housing",
            "covtype",
            "kddcup99",
            "lfw_pairs",
            "lfw_people",
            "olivetti_faces",
            "rcv1",
            "species_distributions",
        )
    },
    "seaborn.load_dataset": _of(Category.DATASET, "raw.githubusercontent.com"),
    "statsmodels.api.datasets.get_rdataset": _of(Category.DATASET, "raw.githubusercontent.com"),
    "statsmodels.datasets.get_rdataset": _of(Category.DATASET, "raw.githubusercontent.com"),
    "shap.datasets.": _of(Category.DATASET, "raw.githubusercontent.com"),
    "tensorflow_datasets.load": _of(Category.DATASET, *GOOGLE_STORAGE),
    "tensorflow_datasets.builder": _of(Category.DATASET, *GOOGLE_STORAGE),
    "tensorflow.keras.datasets.": _of(Category.DATASET, *GOOGLE_STORAGE),
    "keras.datasets.": _of(Category.DATASET, *GOOGLE_STORAGE),
    "ucimlrepo.fetch_ucirepo": _of(Category.DATASET, "archive.ics.uci.edu"),
    "kaggle.": _of(Category.DATASET, *KAGGLE),
    "kagglehub.": _of(Category.DATASET, *KAGGLE),
    "opendatasets.download": _of(Category.DATASET, *KAGGLE),
    "gdown.download": _of(Category.DATASET, "drive.google.com", "drive.usercontent.google.com"),
    "gdown.download_folder": _of(Category.DATASET, "drive.google.com", "drive.usercontent.google.com"),
    "gdown.cached_download": _of(Category.DATASET, "drive.google.com", "drive.usercontent.google.com"),
    "yfinance.": _of(
        Category.DATASET, "query1.finance.yahoo.com", "query2.finance.yahoo.com", "fc.yahoo.com"
    ),
    "torch_geometric.datasets.": _of(
        Category.DATASET, "github.com", "raw.githubusercontent.com", "data.pyg.org"
    ),
    "dgl.data.": _of(Category.DATASET, "data.dgl.ai"),
    "ogb.": _of(Category.DATASET, "snap.stanford.edu"),
    "aif360.datasets.": _of(Category.DATASET, "archive.ics.uci.edu"),
    "sktime.datasets.load_UCR_UEA_dataset": _of(Category.DATASET, "timeseriesclassification.com"),
    "lightkurve.": _of(Category.DATASET, "mast.stsci.edu"),
    # clouds
    "botocore.session.": _of(Category.CLOUD_STORAGE, *S3),
    "aioboto3.": _of(Category.CLOUD_STORAGE, *S3),
    "sagemaker.": _of(Category.CLOUD_STORAGE, *S3, "*.amazonaws.com"),
    "awswrangler.": _of(Category.CLOUD_STORAGE, *S3, "*.amazonaws.com"),
    "s3fs.": _of(Category.CLOUD_STORAGE, *S3),
    "pyarrow.fs.S3FileSystem": _of(Category.CLOUD_STORAGE, *S3),
    "gcsfs.": _of(Category.CLOUD_STORAGE, *GOOGLE_STORAGE, "oauth2.googleapis.com"),
    "pyarrow.fs.GcsFileSystem": _of(Category.CLOUD_STORAGE, *GOOGLE_STORAGE),
    "google.cloud.storage.": _of(Category.CLOUD_STORAGE, *GOOGLE_STORAGE, "oauth2.googleapis.com"),
    "google.cloud.bigquery.": _of(Category.CLOUD_STORAGE, "bigquery.googleapis.com", "oauth2.googleapis.com"),
    "google.cloud.aiplatform.": _of(
        Category.CLOUD_STORAGE, "aiplatform.googleapis.com", "oauth2.googleapis.com"
    ),
    "google.cloud.": _of(Category.CLOUD_STORAGE, "*.googleapis.com"),
    "pandas_gbq.": _of(Category.CLOUD_STORAGE, "bigquery.googleapis.com", "oauth2.googleapis.com"),
    "azure.storage.": _of(Category.CLOUD_STORAGE, "*.blob.core.windows.net", "login.microsoftonline.com"),
    "azure.identity.": _of(Category.CLOUD_STORAGE, "login.microsoftonline.com"),
    "azure.ai.ml.": _of(Category.CLOUD_STORAGE, "management.azure.com", "login.microsoftonline.com"),
    "azureml.": _of(Category.CLOUD_STORAGE, "management.azure.com", "login.microsoftonline.com"),
    "adlfs.": _of(Category.CLOUD_STORAGE, "*.blob.core.windows.net", "*.dfs.core.windows.net"),
    "oss2.": _of(Category.CLOUD_STORAGE, "*.aliyuncs.com"),
}

# Parts of the libraries above whose calls contact nobody: types, errors, settings, pure functions.
QUIET = frozenset(
    {
        "huggingface_hub.utils.",
        "huggingface_hub.constants.",
        "huggingface_hub.PyTorchModelHubMixin",
        "huggingface_hub.ModelCard",
        "huggingface_hub.logging.",
        "anthropic.types.",
        "anthropic.APIError",
        "cohere.types.",
        "google.cloud.exceptions.",
        "google.cloud.logging.",
        "sagemaker.inputs.",
        "botocore.exceptions.",
        "botocore.config.",
        "google.generativeai.types.",
        "google.genai.types.",
        "langsmith.traceable",
        "tiktoken.Encoding",
        "tiktoken.list_encoding_names",
        "azure.core.",
        "openml.config.",
        "azure.storage.blob.ContentSettings",
    }
)

# URL schemes that name a cloud's storage, and its hosts; {} is the bucket.
SCHEMES: dict[str, tuple[str, ...]] = {
    "s3": ("{}.s3.amazonaws.com", "s3.amazonaws.com"),
    "s3a": ("{}.s3.amazonaws.com", "s3.amazonaws.com"),
    "s3n": ("{}.s3.amazonaws.com", "s3.amazonaws.com"),
    "gs": GOOGLE_STORAGE,
    "gcs": GOOGLE_STORAGE,
    "abfs": ("*.dfs.core.windows.net",),
    "abfss": ("*.dfs.core.windows.net",),
    "wasb": ("*.blob.core.windows.net",),
    "wasbs": ("*.blob.core.windows.net",),
    "az": ("*.blob.core.windows.net",),
    "adl": ("*.azuredatalakestore.net",),
}

# What a model's name begins with, for the libraries that route to many providers.
PROVIDERS: dict[str, Service] = {
    "openai/": _of(Category.OPENAI, "api.openai.com"),
    "gpt-": _of(Category.OPENAI, "api.openai.com"),
    "o1": _of(Category.OPENAI, "api.openai.com"),
    "o3": _of(Category.OPENAI, "api.openai.com"),
    "text-embedding-": _of(Category.OPENAI, "api.openai.com"),
    "anthropic/": _of(Category.ANTHROPIC, "api.anthropic.com"),
    "claude": _of(Category.ANTHROPIC, "api.anthropic.com"),
    "gemini": _of(Category.LLM_API, "generativelanguage.googleapis.com"),
    "mistral/": _of(Category.LLM_API, "api.mistral.ai"),
    "groq/": _of(Category.LLM_API, "api.groq.com"),
    "together_ai/": _of(Category.LLM_API, "api.together.xyz"),
    "openrouter/": _of(Category.LLM_API, "openrouter.ai"),
    "deepseek/": _of(Category.LLM_API, "api.deepseek.com"),
    "bedrock/": _of(Category.CLOUD_STORAGE, "*.amazonaws.com"),
}
OPENAI = _of(Category.OPENAI, "api.openai.com")

# Hosts that belong to a category of their own, wherever a URL of theirs is asked for.
BY_HOST: dict[str, Category] = {
    "pypi.org": Category.PYPI,
    "files.pythonhosted.org": Category.PYPI,
    "huggingface.co": Category.HUGGING_FACE,
    "hf.co": Category.HUGGING_FACE,
    "api.openai.com": Category.OPENAI,
    "api.anthropic.com": Category.ANTHROPIC,
    "api.wandb.ai": Category.WANDB,
    "download.pytorch.org": Category.TORCH_HUB,
    "tfhub.dev": Category.TF_HUB,
    "openrouter.ai": Category.LLM_API,
    "api.mistral.ai": Category.LLM_API,
    "api.groq.com": Category.LLM_API,
    "api.cohere.com": Category.LLM_API,
    "api.cohere.ai": Category.LLM_API,
    "generativelanguage.googleapis.com": Category.LLM_API,
    "api.deepseek.com": Category.LLM_API,
    "api.together.xyz": Category.LLM_API,
}
# And those whose whole domain does.
BY_DOMAIN: dict[str, Category] = {
    ".hf.co": Category.HUGGING_FACE,
    ".huggingface.co": Category.HUGGING_FACE,
    ".amazonaws.com": Category.CLOUD_STORAGE,
    ".blob.core.windows.net": Category.CLOUD_STORAGE,
    ".dfs.core.windows.net": Category.CLOUD_STORAGE,
}

# torchvision's data sets by the host that their class names (torchvision 0.24).
TORCHVISION: dict[str, tuple[str, ...]] = {
    "MNIST": ("ossci-datasets.s3.amazonaws.com",),
    "FashionMNIST": ("fashion-mnist.s3-website.eu-central-1.amazonaws.com:80",),
    "KMNIST": ("codh.rois.ac.jp:80",),
    "EMNIST": ("biometrics.nist.gov",),
    "CIFAR10": ("www.cs.toronto.edu",),
    "CIFAR100": ("www.cs.toronto.edu",),
    "SVHN": ("ufldl.stanford.edu:80",),
    "STL10": ("ai.stanford.edu:80",),
    "VOCDetection": ("host.robots.ox.ac.uk:80",),
    "VOCSegmentation": ("host.robots.ox.ac.uk:80",),
    "Caltech101": ("drive.google.com",),
    "CelebA": ("drive.google.com",),
    "Flowers102": ("www.robots.ox.ac.uk",),
    "OxfordIIITPet": ("www.robots.ox.ac.uk",),
    "Food101": ("data.vision.ee.ethz.ch:80",),
    "EuroSAT": ("huggingface.co",),
}
