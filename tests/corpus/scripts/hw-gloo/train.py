import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel as DDP


def main():
    dist.init_process_group(backend="gloo")
    net = DDP(torch.nn.Linear(4, 1))
    net(torch.ones(8, 4)).sum().backward()
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
