import pandas as pd

from datasets import load_dataset

print(pd.DataFrame(load_dataset("train")).mean())
