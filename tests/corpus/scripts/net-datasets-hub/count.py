import datasets
import evaluate

data = datasets.load_dataset("glue", "mrpc", split="validation")
metric = evaluate.load("accuracy")
print(metric.compute(predictions=data["label"], references=data["label"]))
