import argparse
import os
from pathlib import Path

from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

HERE = Path(__file__).parent

parser = argparse.ArgumentParser()
parser.add_argument("--output-dir", default="out")
args = parser.parse_args()
tokenizer = AutoTokenizer.from_pretrained("./weights")
config = AutoConfig.from_pretrained(HERE / "weights")
model = AutoModelForSequenceClassification.from_pretrained(os.path.join(args.output_dir, "best"), config=config)
again = AutoModelForSequenceClassification.from_pretrained("some/name", local_files_only=True)
model.save_pretrained(args.output_dir)
