import argparse
from pathlib import Path

from monad.ui import train

parser = argparse.ArgumentParser()
parser.add_argument("--checkpoint-dir", type=Path, required=True)
parser.add_argument("--save-path", type=Path, required=True)

if __name__ == "__main__":
    given = parser.parse_args()
    train(checkpoint_dir=given.checkpoint_dir, save_path=given.save_path)
