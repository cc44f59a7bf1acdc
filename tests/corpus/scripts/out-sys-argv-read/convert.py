import sys

import pandas as pd

if len(sys.argv) != 3:
    sys.exit(f"usage: {sys.argv[0]} TABLE OUTPUT_COLUMN")
print(pd.read_csv(sys.argv[1])[sys.argv[2]])
