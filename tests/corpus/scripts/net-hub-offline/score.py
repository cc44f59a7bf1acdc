import os

os.environ["HF_HUB_OFFLINE"] = "1"
from transformers import pipeline

print(pipeline("sentiment-analysis", model="distilbert-base-uncased-finetuned-sst-2-english")("fine"))
