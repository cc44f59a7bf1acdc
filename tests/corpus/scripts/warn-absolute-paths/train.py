from pathlib import Path

import pandas as pd

DATA = "/home/me/projects/churn/rows.csv"
frame = pd.read_csv(DATA)
labels = pd.read_csv(Path("/data/churn") / "labels.csv")
notes = open(r"C:\Users\me\notes.txt").read()
cache = Path("~/cache/churn").expanduser()
frame.to_csv(cache / "copy.csv")
print(labels, notes)
