import torch
import torchvision.models as models
from torchvision.models import ResNet18_Weights, resnet18

first = torch.hub.load("pytorch/vision", "resnet34", pretrained=True)
second = models.vgg16(pretrained=True)
third = resnet18(weights=ResNet18_Weights.DEFAULT)
print(first, second, third)
