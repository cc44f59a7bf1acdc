import cv2
import psycopg2
import tensorflow as tf

print(cv2.__version__, psycopg2.__version__, tf.io.gfile.exists("x"))
