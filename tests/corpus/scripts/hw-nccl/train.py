import os

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel as DDP


def main():
    dist.init_process_group(backend="nccl")
    rank = int(os.environ["LOCAL_RANK"])
    torch.cuda.set_device(rank)
    net = DDP(torch.nn.Linear(4, 1).to(rank), device_ids=[rank])
    net(torch.ones(8, 4, device=rank)).sum().backward()
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
