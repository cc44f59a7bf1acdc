from catboost import CatBoostClassifier
from lightgbm import LGBMClassifier
from sklearn.datasets import make_classification

x, y = make_classification(500, random_state=1)
for model in (CatBoostClassifier(task_type="GPU", iterations=20), LGBMClassifier()):
    print(type(model).__name__, model.fit(x, y).score(x, y))
