import seaborn as sns
from sklearn.datasets import load_iris, make_blobs
from torchvision import datasets

digits = datasets.MNIST("data", train=True, download=False)
more = datasets.CIFAR10("data")
print(len(digits), len(more), load_iris().data.shape, make_blobs(), sns.color_palette())
