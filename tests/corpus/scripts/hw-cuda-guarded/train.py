import torch
from torch import nn

net = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 1))
batch = torch.randn(64, 16)
if torch.cuda.is_available():
    net.cuda()
    batch = batch.cuda()
loss = net(batch).pow(2).mean()
loss.backward()
print(loss.item())
