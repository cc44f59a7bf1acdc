"""pretrain, train and predict: each reads what the one before left, and leaves files itself."""

import json

from monad.shared import batch, batch_in_this_process


def _config(path):
    lines = [line.partition("#")[0].strip() for line in path.read_text().splitlines()]
    return {key.strip(): int(value) for key, _, value in (line.partition(":") for line in lines if line)}


def _write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content) + "\n")
    print(f"wrote {path}", flush=True)


def pretrain(config_path, output_path, storage_config_path=None, resume=False, overwrite=False):
    target = output_path / "features.json"
    if target.exists() and not (resume or overwrite):
        raise FileExistsError(f"{target} is there: --resume or --overwrite")
    config = _config(config_path)
    total = sum(batch(config["batch_mib"]) for _ in range(config["epochs"]))
    _write(target, {"features": total, "batch_mib": config["batch_mib"]})


def train(checkpoint_dir, save_path):
    features = json.loads((checkpoint_dir / "features.json").read_text())
    weight = features["features"] + batch(features["batch_mib"])
    _write(save_path / "checkpoints" / "model.json", {"weight": weight, "batch_mib": features["batch_mib"]})


def predict(save_path, checkpoint_dir):
    model = json.loads((checkpoint_dir / "model.json").read_text())
    _write(
        save_path / "predictions.json", {"score": model["weight"] + batch_in_this_process(model["batch_mib"])}
    )
