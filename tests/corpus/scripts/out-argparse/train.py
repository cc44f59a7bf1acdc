import argparse
from pathlib import Path

import joblib
from sklearn.linear_model import Ridge


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("-o", "--output-dir", type=Path, default=Path("out"))
    args = parser.parse_args()
    args.output_dir.mkdir(exist_ok=True)
    joblib.dump(Ridge().fit([[1], [2]], [1, 2]), args.output_dir / "model.joblib")


if __name__ == "__main__":
    main()
