try:
    import cudf as frames
    from cuml.cluster import KMeans
except ImportError:
    import pandas as frames
    from sklearn.cluster import KMeans

frame = frames.DataFrame({"x": [0.0, 1.0, 10.0, 11.0], "y": [0.0, 1.0, 10.0, 11.0]})
print(KMeans(n_clusters=2).fit(frame).cluster_centers_)
