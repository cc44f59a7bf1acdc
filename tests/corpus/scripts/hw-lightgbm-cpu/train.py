from lightgbm import LGBMClassifier
from sklearn.datasets import make_classification

x, y = make_classification(500, random_state=1)
print(LGBMClassifier(device_type="cpu", n_estimators=20).fit(x, y).score(x, y))
