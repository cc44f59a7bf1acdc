import torch
import yaml

with open("config.yaml") as stream:
    config = yaml.safe_load(stream)

net = torch.nn.Linear(config["model"]["width"], 1)
net.to(config["train"]["device"])
