import numpy as np
import yaml

with open("settings.yml") as stream:
    settings = yaml.safe_load(stream)
print(np.ones(settings["rows"]))
