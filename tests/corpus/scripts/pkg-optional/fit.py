import json

import numpy as np

try:
    import orjson
except ImportError:
    orjson = None

try:
    from rich import print
except ModuleNotFoundError:
    pass

values = np.arange(3).tolist()
print(orjson.dumps(values) if orjson else json.dumps(values))
