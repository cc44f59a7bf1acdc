# /// script
# dependencies = ["ray[default]"]
# ///
import ray


@ray.remote
def square(x):
    return x * x


print(ray.get([square.remote(i) for i in range(4)]))
