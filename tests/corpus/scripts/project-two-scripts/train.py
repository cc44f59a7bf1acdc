import polars as pl

if __name__ == "__main__":
    print(pl.DataFrame({"x": [1]}))
