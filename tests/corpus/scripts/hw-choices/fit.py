import argparse

import xgboost

parser = argparse.ArgumentParser()
parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
args = parser.parse_args()
xgboost.XGBRegressor(device=args.device).fit([[0.0], [1.0]], [0, 1])
