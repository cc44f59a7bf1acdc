from clearml import Task
from comet_ml import Experiment

import neptune

experiment = Experiment(project_name="p")
run = neptune.init_run(project="w/p")
task = Task.init(project_name="p", task_name="t")
experiment.log_metric("x", 1)
run["x"].append(1)
task.get_logger().report_scalar("x", "x", 1, 0)
