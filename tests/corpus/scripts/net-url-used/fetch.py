import urllib.request
from urllib.parse import urljoin

import pandas as pd
import requests

BASE = "https://api.weather.gov"
STATION = "KSFO"
MIRROR = "https://files.example.net/v1/"

session = requests.Session()
reply = session.get(f"{BASE}/stations/{STATION}/observations", timeout=10)
frame = pd.read_csv("https://raw.githubusercontent.com/mwaskom/seaborn-data/master/iris.csv")
urllib.request.urlretrieve("https://data.example.org:8443/%s.zip" % STATION, "station.zip")
requests.post(url=urljoin(MIRROR, "upload"), json={"n": len(frame)}, timeout=10)
print(reply.status_code)
