import sys

import torch

if not torch.cuda.is_available():
    sys.exit("this training needs a GPU")

device = torch.device("cuda")
print(torch.nn.Linear(2, 1).to(device))
