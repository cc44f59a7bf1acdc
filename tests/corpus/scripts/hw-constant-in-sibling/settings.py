STEPS = 10
DEVICE = "cuda:0"
