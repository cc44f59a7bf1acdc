import os
import sys

sys.path.append(os.path.join(os.path.dirname(__file__), "vendor"))

import plotting_kit

print(plotting_kit.draw())
