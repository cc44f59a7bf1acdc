import polars


def load_dataset(name):
    return polars.DataFrame({"x": [1, 2, 3]}).to_dict(as_series=False)
