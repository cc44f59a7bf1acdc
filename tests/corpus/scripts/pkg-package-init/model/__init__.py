import timm

from .network import build

NAMES = timm.list_models()
