from transformers import AutoModel


def load(path):
    return AutoModel.from_pretrained(f"./{path}")
