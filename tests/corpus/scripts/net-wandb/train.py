import wandb
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

run = wandb.init(project="iris", config={"c": 1.0})
model = LogisticRegression(C=run.config["c"]).fit(*load_iris(return_X_y=True))
run.log({"score": model.score(*load_iris(return_X_y=True))})
