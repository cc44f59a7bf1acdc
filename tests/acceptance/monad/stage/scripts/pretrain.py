import argparse
from pathlib import Path

from monad.ui import pretrain

parser = argparse.ArgumentParser()
parser.add_argument("--config", type=Path, required=True)
parser.add_argument("--features-path", type=Path, required=True)
parser.add_argument("--storage-config", type=Path)
rerun = parser.add_mutually_exclusive_group()
rerun.add_argument("--resume", action="store_true")
rerun.add_argument("--overwrite", action="store_true")

if __name__ == "__main__":
    given = parser.parse_args()
    pretrain(
        config_path=given.config,
        output_path=given.features_path,
        storage_config_path=given.storage_config,
        resume=given.resume,
        overwrite=given.overwrite,
    )
