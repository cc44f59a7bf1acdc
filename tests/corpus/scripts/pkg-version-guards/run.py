import os
import platform
import sys

import numpy as np

if sys.version_info < (3, 8):
    import importlib_metadata as metadata
else:
    from importlib import metadata

if sys.platform == "win32":
    import pywintypes

if platform.system() == "Darwin" or os.name == "nt":
    import coremltools

if False:
    import torch

print(metadata.version("numpy"), np.ones(1))
