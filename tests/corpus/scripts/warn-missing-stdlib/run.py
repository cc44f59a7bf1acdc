import tomllib

import numpy as np

with open("run.toml", "rb") as stream:
    print(np.ones(tomllib.load(stream)["rows"]))
