import torch
from torch import nn

net = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 1))
net.cuda()
batch = torch.randn(64, 16).cuda()
loss = net(batch).pow(2).mean()
loss.backward()
print(loss.item())
