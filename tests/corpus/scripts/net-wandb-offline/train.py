import wandb
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

run = wandb.init(project="iris", mode="offline")
model = LogisticRegression().fit(*load_iris(return_X_y=True))
run.log({"score": model.score(*load_iris(return_X_y=True))})
