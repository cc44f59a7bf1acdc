import cupy
import wandb

wandb.init(project="gpu")
print(cupy.ones(3))
