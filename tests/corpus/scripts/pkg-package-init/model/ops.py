import torch
from einops import rearrange


def layer(width):
    return torch.nn.Linear(width, 1)


def fold(values):
    return rearrange(values, "a b -> b a")
