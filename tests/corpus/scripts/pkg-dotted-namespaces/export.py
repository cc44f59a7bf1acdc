import google.generativeai as genai
import ruamel.yaml
import snowflake.connector
from azure.identity import DefaultAzureCredential
from azure.storage.blob import BlobServiceClient
from google.cloud import bigquery, storage
from google.protobuf import json_format
from mpl_toolkits.mplot3d import Axes3D
from snowflake.ml.registry import Registry
from snowflake.snowpark import Session

session = Session.builder.getOrCreate()
registry = Registry(session=session)
genai.configure(api_key="none")
print(genai.GenerativeModel("gemini-1.5-flash").generate_content("hello").text)
buckets = list(storage.Client().list_buckets())
rows = list(bigquery.Client().query("select 1"))
blobs = BlobServiceClient("https://acme.blob.core.windows.net", credential=DefaultAzureCredential())
print(registry, buckets, rows, blobs, json_format, Axes3D, ruamel.yaml.__version__, snowflake.connector.__version__)
