import numpy as np
from numba import cuda

if cuda.is_available():
    print("a GPU is there")
np.save("vectors.npy", np.zeros(4))
