import mlflow
from sklearn.linear_model import Ridge

TRACKING = "https://mlflow.corp.example.com/api"
mlflow.set_tracking_uri(TRACKING)
with mlflow.start_run():
    mlflow.log_metric("coef", float(Ridge().fit([[1], [2]], [1, 2]).coef_[0]))
