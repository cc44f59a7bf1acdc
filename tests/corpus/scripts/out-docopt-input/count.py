"""Count rows.

Usage:
  count.py [--table=<file>]
"""

import pandas as pd
from docopt import docopt

print(len(pd.read_csv(docopt(__doc__)["--table"])))
