import click
import torch


@click.command()
@click.argument("weights", type=click.Path(exists=True))
@click.option("--checkpoint-path", default="net.pt")
def main(weights, checkpoint_path):
    print(torch.load(weights), torch.load(checkpoint_path))


if __name__ == "__main__":
    main()
