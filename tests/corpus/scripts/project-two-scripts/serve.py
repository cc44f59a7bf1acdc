import fastapi
import wandb

app = fastapi.FastAPI()

if __name__ == "__main__":
    wandb.init()
