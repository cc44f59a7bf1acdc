import boto3
import pandas as pd
from google.cloud import storage

frame = pd.read_parquet("s3://acme-data/rows.parquet")
boto3.client("s3").download_file("acme-data", "labels.csv", "/tmp/labels.csv")
storage.Client().bucket("acme").blob("x").download_to_filename("/tmp/x")
print(len(frame))
