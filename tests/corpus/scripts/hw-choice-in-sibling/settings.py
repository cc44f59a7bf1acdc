import torch

STEPS = 10
DEVICE = "cuda:0" if torch.cuda.is_available() else "cpu"
