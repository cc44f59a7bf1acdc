import argparse

from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

parser = argparse.ArgumentParser()
parser.add_argument("--wandb", action="store_true", help="report to Weights & Biases")
args = parser.parse_args()
if args.wandb:
    import wandb

    wandb.init(project="iris")
model = LogisticRegression().fit(*load_iris(return_X_y=True))
if args.wandb:
    wandb.log({"score": model.score(*load_iris(return_X_y=True))})
