import mlflow
import requests
from openai import OpenAI

mlflow.set_tracking_uri("http://127.0.0.1:5000")
with mlflow.start_run():
    client = OpenAI(base_url="http://localhost:8000/v1", api_key="unused")
    reply = client.chat.completions.create(model="local", messages=[{"role": "user", "content": "hi"}])
    mlflow.log_metric("length", len(reply.choices[0].message.content))
print(requests.get("http://0.0.0.0:8000/health", timeout=1).ok)
