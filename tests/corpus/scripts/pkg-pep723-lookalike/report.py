"""How to write a header:

# /// script
# dependencies = ["polars>=1.0"]
# ///
"""

# /// script
# dependencies = ["duckdb"]

import numpy as np

print(np.ones(2))
