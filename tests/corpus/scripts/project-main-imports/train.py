import torch


def train(folder):
    torch.save({}, f"{folder}/net.pt")
