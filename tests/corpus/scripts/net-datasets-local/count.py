import datasets
from datasets import load_dataset, load_from_disk

rows = load_dataset("json", data_files={"train": "data/train.jsonl"})
more = load_dataset("csv", data_files="data/train.csv")
print(rows, more, datasets.load_from_disk("cache/prepared"), load_from_disk)
