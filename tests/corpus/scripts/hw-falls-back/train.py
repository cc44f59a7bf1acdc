import torch

device = torch.device("cuda")
if not torch.cuda.is_available():
    print("no GPU: this will take a while")
    device = torch.device("cpu")

print(torch.nn.Linear(2, 1).to(device))
