import argparse

from torchvision import models

parser = argparse.ArgumentParser()
parser.add_argument("--arch", default="small")
parser.add_argument("--pretrained", action="store_true")
args = parser.parse_args()

SIZES = {"small": models.resnet18, "large": models.resnet50}
plain = SIZES[args.arch](weights="IMAGENET1K_V1")
named = models.__dict__["resnet34"](pretrained=True) if args.pretrained else None
