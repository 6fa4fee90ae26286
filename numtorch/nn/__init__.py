"""Neural networks: Module, layers, losses, functional forms and initialisation."""

from . import functional, init
from .modules.activation import GELU, Dropout, LogSoftmax, ReLU, Sigmoid, SiLU, Softmax, Tanh
from .modules.container import ModuleDict, ModuleList, Sequential
from .modules.conv import Conv2d, Embedding, MaxPool2d
from .modules.linear import Flatten, Identity, Linear
from .modules.loss import CrossEntropyLoss, MSELoss, NLLLoss
from .modules.module import Module
from .parameter import Buffer, Parameter
