import skimage
from ruamel.yaml import YAML

print(skimage.__version__, YAML())
