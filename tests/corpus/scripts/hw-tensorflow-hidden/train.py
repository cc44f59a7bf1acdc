import numpy as np
import tensorflow as tf

tf.config.set_visible_devices([], "GPU")
net = tf.keras.Sequential([tf.keras.layers.Dense(8, activation="relu"), tf.keras.layers.Dense(1)])
net.compile(optimizer="adam", loss="mse")
net.fit(np.random.rand(64, 3), np.random.rand(64), epochs=2)
net.save("model.keras")
