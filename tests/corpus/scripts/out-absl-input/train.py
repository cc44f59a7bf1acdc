import os

import numpy as np
from absl import app, flags

_WORKDIR = flags.DEFINE_string("workdir", None, "where the table is")


def main(argv):
    print(np.load(os.path.join(_WORKDIR.value, "state.npz")))


if __name__ == "__main__":
    app.run(main)
