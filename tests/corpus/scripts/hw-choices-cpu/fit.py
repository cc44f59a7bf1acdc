import argparse

import xgboost

parser = argparse.ArgumentParser()
parser.add_argument("--tree-method", choices=["hist", "exact"], default="hist")
args = parser.parse_args()
xgboost.XGBRegressor(tree_method=args.tree_method, device="cpu").fit([[0.0], [1.0]], [0, 1])
