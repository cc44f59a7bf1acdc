def fit(values):
    return sum(values)
