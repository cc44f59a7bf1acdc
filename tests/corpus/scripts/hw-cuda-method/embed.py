import numpy as np

from models import load

body = load("speaker.bin").cuda()
np.save("vectors.npy", body.encode("a"))
