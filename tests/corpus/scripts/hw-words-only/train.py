"""Train on a CPU; see train_gpu.py for the version that calls model.cuda()."""

import argparse

import torch

NOTES = "on a GPU use model.to('cuda') and device_map='auto'"


def main():
    parser = argparse.ArgumentParser(description="needs no .cuda() at all")
    parser.add_argument("--threads", type=int, default=4, help="cpu threads; 'cuda' is not supported")
    torch.set_num_threads(parser.parse_args().threads)
    layer = torch.nn.Linear(3, 1)  # not .cuda(): too small
    print(layer(torch.ones(1, 3)).item())


if __name__ == "__main__":
    main()
