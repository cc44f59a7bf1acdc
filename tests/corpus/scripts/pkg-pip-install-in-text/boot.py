import subprocess

import numpy as np

# pip install git+https://github.com/someone/something.git
HINT = "if this fails: pip install river==0.21.0"

subprocess.run(["echo", "pip install river"], check=True)
print(HINT, np.ones(1))
