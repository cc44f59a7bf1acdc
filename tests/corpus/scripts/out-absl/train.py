import os

import numpy as np
from absl import app, flags

FLAGS = flags.FLAGS
flags.DEFINE_string("workdir", None, "where the checkpoints go")
flags.DEFINE_integer("steps", 10, "how long")


def main(argv):
    np.savez(os.path.join(FLAGS.workdir, "state.npz"), steps=FLAGS.steps)


if __name__ == "__main__":
    app.run(main)
