import click
import torch


@click.command()
@click.option("--lr", default=0.1)
@click.option("--save-path", "target", default="net.pt", type=click.Path())
def main(lr, target):
    net = torch.nn.Linear(2, 1)
    torch.optim.SGD(net.parameters(), lr=lr).step()
    torch.save(net.state_dict(), target)


if __name__ == "__main__":
    main()
