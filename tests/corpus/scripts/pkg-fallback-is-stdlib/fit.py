try:
    import tomllib
except ModuleNotFoundError:
    import tomli as tomllib

try:
    import cPickle as pickle
except ImportError:
    import pickle

try:
    from typing_extensions import override
except ImportError:
    from typing import override

import numpy as np

print(tomllib.loads("a = 1"), pickle.dumps(np.ones(2)), override)
