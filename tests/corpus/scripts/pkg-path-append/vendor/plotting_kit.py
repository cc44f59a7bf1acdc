import numpy as np


def draw():
    return np.ones(2)
