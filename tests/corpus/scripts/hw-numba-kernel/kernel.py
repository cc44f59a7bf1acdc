import numpy as np
from numba import cuda


@cuda.jit
def double(values):
    i = cuda.grid(1)
    if i < values.size:
        values[i] *= 2


values = np.arange(256.0)
double[1, 256](values)
print(values[:4])
