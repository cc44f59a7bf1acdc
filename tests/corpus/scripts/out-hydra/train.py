import os

import hydra
import torch
from omegaconf import DictConfig


@hydra.main(version_base=None, config_path="conf", config_name="config")
def main(cfg: DictConfig):
    net = torch.nn.Linear(cfg.model.width, 1)
    os.makedirs(cfg.paths.checkpoints, exist_ok=True)
    torch.save(net.state_dict(), os.path.join(cfg.paths.checkpoints, "net.pt"))


if __name__ == "__main__":
    main()
