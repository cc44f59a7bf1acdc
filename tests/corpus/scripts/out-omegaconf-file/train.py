import torch
from omegaconf import OmegaConf

config = OmegaConf.merge(OmegaConf.create({"device": "cpu"}), OmegaConf.load("settings.yaml"))
body = torch.nn.Linear(4, 2).to(config.device)
torch.save(body.state_dict(), config.weights)
