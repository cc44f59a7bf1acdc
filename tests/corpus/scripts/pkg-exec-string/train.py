import numpy as np

exec("total = 1 + 1")
source = open("other.py").read()
print(len(source), np.ones(2))
