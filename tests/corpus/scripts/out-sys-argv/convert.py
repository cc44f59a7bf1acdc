import sys

import pandas as pd


def main():
    source, target = sys.argv[1], sys.argv[2]
    pd.read_csv(source).to_parquet(target)


main()
