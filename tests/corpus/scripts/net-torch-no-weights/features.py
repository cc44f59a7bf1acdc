import torch
import torchvision.models as models
from torchvision.models import resnet18

first = torch.hub.load("vendor/vision", "resnet34", source="local")
second = models.vgg16(pretrained=False)
third = resnet18(weights=None)
fourth = resnet18()
print(first, second, third, fourth)
