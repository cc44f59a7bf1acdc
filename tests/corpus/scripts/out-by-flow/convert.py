import argparse
import os

import pandas as pd


def store(frame, folder):
    os.makedirs(folder, exist_ok=True)
    frame.to_parquet(os.path.join(folder, "rows.parquet"))


def main(options):
    store(pd.read_csv(options.model_dir), options.dst)


parser = argparse.ArgumentParser()
parser.add_argument("--model-dir")
parser.add_argument("--dst")
main(parser.parse_args())
