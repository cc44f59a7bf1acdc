import cudf
from cuml.cluster import KMeans

frame = cudf.DataFrame({"x": [0.0, 1.0, 10.0, 11.0], "y": [0.0, 1.0, 10.0, 11.0]})
model = KMeans(n_clusters=2).fit(frame)
model.cluster_centers_.to_parquet("centers.parquet")
