from churn.model import fit

print(fit([[1], [2]], [0, 1]))
