import os
import subprocess
import sys

subprocess.check_call(
    [sys.executable, "-m", "pip", "install", "-q", "git+https://github.com/PriorLabs/tabpfn-extensions.git@main"]
)
os.system("pip install --no-cache-dir river==0.21.0")

import river
import tabpfn_extensions

print(river.__version__, tabpfn_extensions.__name__)
