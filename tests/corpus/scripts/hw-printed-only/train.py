import torch
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression

torch.manual_seed(0)
torch.cuda.manual_seed_all(0)
print("torch", torch.__version__, "gpu:", torch.cuda.is_available())
x, y = make_classification(200, random_state=0)
print(LogisticRegression().fit(x, y).score(x, y))
