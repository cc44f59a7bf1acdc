import torch

from helpers import count

print(count(torch.nn.Linear(2, 1)))
