import os

import numpy as np

print(np.load(os.path.join(os.environ.get("OUTPUT_DIR", "."), "weights.npy")))
