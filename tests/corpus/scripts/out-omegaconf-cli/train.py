from dataclasses import dataclass, field

import torch
from omegaconf import OmegaConf


@dataclass
class Files:
    weights: str = "out/weights.pt"


@dataclass
class Settings:
    files: Files = field(default_factory=Files)
    device: str = "cuda"


def configuration():
    return OmegaConf.merge(OmegaConf.structured(Settings), OmegaConf.from_cli())


config = configuration()
body = torch.nn.Linear(4, 2).to(config.device)
torch.save(body.state_dict(), config.files.weights)
