import importlib
from importlib import import_module as load

BACKEND = "xgboost"

booster = importlib.import_module(BACKEND)
other = load("catboost")
study = __import__("optuna").create_study()
print(booster.__version__, other.__version__, study)
