try:
    import tomllib
except ModuleNotFoundError:
    import tomli as tomllib

try:
    import cPickle as pickle
except ImportError:
    import pickle

try:
    from backports.zoneinfo import ZoneInfo
except ImportError:
    from zoneinfo import ZoneInfo

import numpy as np

print(tomllib.loads("a = 1"), pickle.dumps(np.ones(2)), ZoneInfo)
