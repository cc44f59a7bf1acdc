import neptune
from comet_ml import OfflineExperiment
from tensorboardX import SummaryWriter

experiment = OfflineExperiment(project_name="p", offline_directory="comet")
run = neptune.init_run(project="w/p", mode="offline")
SummaryWriter("runs").add_scalar("x", 1, 0)
experiment.log_metric("x", 1)
run["x"].append(1)
