import pandas as pd
import torch

layer = torch.nn.Linear(3, 2).to(torch.float64)
values = layer(torch.ones(5, 3).to(dtype=torch.float64)).to("cpu").detach()
pd.DataFrame(values.numpy()).to_csv("table.csv")
