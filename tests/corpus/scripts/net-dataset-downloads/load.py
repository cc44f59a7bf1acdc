import seaborn as sns
from sklearn.datasets import fetch_openml
from torchvision import datasets

digits = datasets.MNIST("data", train=True, download=True)
titanic = fetch_openml("titanic", version=1)
print(len(digits), titanic.frame, sns.load_dataset("penguins"))
