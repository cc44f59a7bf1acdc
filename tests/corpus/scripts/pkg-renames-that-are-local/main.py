import umap
from attr import WEIGHTS
from docx import report

import numpy as np

print(report(umap.project(np.array(WEIGHTS))))
