import torch

import settings

weights = torch.zeros(8, requires_grad=True, device=settings.DEVICE)
for _ in range(settings.STEPS):
    (weights - 1).pow(2).sum().backward()
