import argparse

import torch
from torch import nn


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--epochs", type=int, default=3)
    args = parser.parse_args()
    net = nn.Linear(4, 1).to(args.device)
    for _ in range(args.epochs):
        net(torch.ones(2, 4, device=args.device)).sum().backward()


if __name__ == "__main__":
    main()
