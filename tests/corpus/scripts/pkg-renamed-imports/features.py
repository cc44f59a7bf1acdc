import attr
import cv2
import docx
import faiss
import jwt
import pkg_resources
import sentencepiece
import umap
import yaml
from absl import logging
from bs4 import BeautifulSoup
from dateutil.parser import parse
from dotenv import load_dotenv
from PIL import Image
from skimage import filters
from sklearn.cluster import KMeans
from unidecode import unidecode

print(attr, cv2, docx, faiss, jwt, pkg_resources, sentencepiece, umap, yaml, logging, BeautifulSoup)
print(parse, load_dotenv, Image, filters, KMeans, unidecode)
