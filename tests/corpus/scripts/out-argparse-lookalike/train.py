import argparse

import torch


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--output-size", type=int, default=2)
    parser.add_argument("--output-format", choices=["json", "text"], default="text")
    parser.add_argument("--save-every", type=int, default=5)
    parser.add_argument("--model-path", default="weights.pt")
    args = parser.parse_args()
    net = torch.nn.Linear(3, args.output_size)
    net.load_state_dict(torch.load(args.model_path))
    print(args.output_format, args.save_every, net)


if __name__ == "__main__":
    main()
