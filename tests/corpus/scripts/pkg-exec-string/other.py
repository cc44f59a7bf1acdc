import cupy

print(cupy.ones(3).device)
