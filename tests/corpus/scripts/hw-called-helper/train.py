import torch

import helpers

print(helpers.count(helpers.to_gpu(torch.nn.Linear(2, 1))))
