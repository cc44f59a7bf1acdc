import argparse

from transformers import AutoModel

from project import constants

parser = argparse.ArgumentParser()
parser.add_argument("--model_name_or_path", type=str, default=constants.BASE)
args = parser.parse_args()
print(AutoModel.from_pretrained(args.model_name_or_path).config)
