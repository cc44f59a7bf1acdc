import numpy as np
import xgboost as xgb

params = {"objective": "reg:squarederror", "max_depth": 3}
params["device"] = "cuda"
data = xgb.DMatrix(np.random.rand(100, 4), label=np.random.rand(100))
booster = xgb.train(params, data, num_boost_round=10)
booster.save_model("booster.json")
