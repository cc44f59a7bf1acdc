"""Turn a table into another format.

Usage:
  convert.py <table> [--to=<file>]

Options:
  -t <file>, --to=<file>  Where to put it [default: table.parquet].
"""

import pandas as pd
from docopt import docopt

options = docopt(__doc__)
pd.read_csv(options["<table>"]).to_parquet(options["--to"])
