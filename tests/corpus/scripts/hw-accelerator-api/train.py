import argparse

import torch

parser = argparse.ArgumentParser()
parser.add_argument("--no-accel", action="store_true")
args = parser.parse_args()

found = not args.no_accel and torch.accelerator.is_available()
device = torch.accelerator.current_accelerator() if found else torch.device("cpu")
body = torch.nn.Linear(4, 2).to(device)
