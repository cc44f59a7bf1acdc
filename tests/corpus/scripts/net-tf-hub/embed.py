import tensorflow as tf
import tensorflow_hub as hub

layer = hub.KerasLayer("https://tfhub.dev/google/nnlm-en-dim50/2")
base = tf.keras.applications.MobileNetV2(include_top=False)
print(layer(tf.constant(["snow"])), base.output_shape)
