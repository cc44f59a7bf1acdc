import torch

net = torch.nn.Linear(16, 1)
print(net(torch.ones(1, 16)))
