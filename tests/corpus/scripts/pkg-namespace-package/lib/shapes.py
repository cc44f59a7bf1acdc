import pandas as pd

FRAME = pd.DataFrame({"x": [1]})
