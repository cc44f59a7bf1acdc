try:
    import simplejson as serial
except ImportError:
    import ujson as serial

try:
    import toml
except ImportError:
    import pytoml as toml

print(serial.dumps(toml.loads("a = 1")))
