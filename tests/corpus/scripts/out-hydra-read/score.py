import hydra
from omegaconf import DictConfig
from transformers import AutoModel


@hydra.main(version_base=None, config_path="conf", config_name="config")
def main(cfg: DictConfig):
    model = AutoModel.from_pretrained(cfg.model.name)
    with open(cfg.paths.output_list) as stream:
        print(model, stream.read())


if __name__ == "__main__":
    main()
