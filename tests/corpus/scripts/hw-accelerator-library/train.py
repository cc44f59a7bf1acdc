import torch
from accelerate import Accelerator

accelerator = Accelerator(cpu=True)
body = torch.nn.Linear(4, 2).to("cpu")
