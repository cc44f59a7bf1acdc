"""Reads /home/me/rows.csv no longer."""

import os
import re

import pandas as pd
from flask import Flask

app = Flask(__name__)


@app.route("/api/v1/score")
def score():
    return {"null": os.path.exists("/dev/null")}


frame = pd.DataFrame({"x": [1]})
frame.to_csv("/tmp/rows.csv")
if os.getcwd().startswith("/home/app"):
    print("in /home/app/work", re.sub("/data/[0-9]+", "", "/data/1"))
