import sys

import numpy as np

if sys.platform != "win32":
    import uvloop

    uvloop.install()

if sys.version_info >= (3, 10):
    import polars
else:
    import vaex

print(np.ones(1), polars.__version__)
