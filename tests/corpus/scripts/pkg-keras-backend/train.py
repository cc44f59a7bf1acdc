import os

os.environ["KERAS_BACKEND"] = "torch"

import keras

body = keras.Sequential([keras.layers.Dense(1)])
