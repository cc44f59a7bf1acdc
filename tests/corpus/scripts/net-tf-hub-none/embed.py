import tensorflow as tf
import tensorflow_hub as hub

layer = hub.load("modules/nnlm")
base = tf.keras.applications.MobileNetV2(weights=None, include_top=False)
print(layer(tf.constant(["snow"])), base.output_shape)
