import argparse
import os

import pandas as pd
from botocore.exceptions import ClientError

parser = argparse.ArgumentParser()
parser.add_argument("--model-dir", default=os.environ.get("SM_MODEL_DIR", "/opt/ml/model"))
parser.add_argument("--table", default="rows.csv", help="a local file, not s3://bucket/key")
args = parser.parse_args()
try:
    frame = pd.read_csv(args.table)
    frame.describe().to_csv(os.path.join(args.model_dir, "summary.csv"))
except ClientError as error:
    print(error)
