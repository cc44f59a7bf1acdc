import importlib
import sys

plugin = importlib.import_module("plugins.linear")
layers = importlib.import_module(".linear", package="plugins")
decimal = __import__("decimal")
if len(sys.argv) > 1:
    plugin = importlib.import_module(f"plugins.{sys.argv[1]}")
print(plugin.fit([1, 2]), layers.fit([3]), decimal.Decimal(1))
