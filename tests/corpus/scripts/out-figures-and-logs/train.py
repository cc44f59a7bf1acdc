import argparse

import matplotlib.pyplot as plt
from torch.utils.tensorboard import SummaryWriter

parser = argparse.ArgumentParser()
parser.add_argument("--log-dir", default="runs")
parser.add_argument("--figure", default="loss.png")
args = parser.parse_args()
writer = SummaryWriter(log_dir=args.log_dir)
writer.add_scalar("loss", 1.0, 0)
plt.plot([1, 2])
plt.savefig(args.figure)
