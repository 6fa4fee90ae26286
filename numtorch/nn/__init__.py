"""Neural networks: Module, layers, losses, functional forms and initialisation."""

from . import functional as functional
from . import init as init
from .modules.activation import (
    GELU as GELU, Dropout as Dropout, LogSoftmax as LogSoftmax, ReLU as ReLU, Sigmoid as Sigmoid,
    SiLU as SiLU, Softmax as Softmax, Tanh as Tanh,
)  # fmt: skip
from .modules.container import (
    ModuleDict as ModuleDict, ModuleList as ModuleList, Sequential as Sequential,
)  # fmt: skip
from .modules.conv import Conv2d as Conv2d, Embedding as Embedding, MaxPool2d as MaxPool2d
from .modules.linear import Flatten as Flatten, Identity as Identity, Linear as Linear
from .modules.loss import (
    CrossEntropyLoss as CrossEntropyLoss, MSELoss as MSELoss, NLLLoss as NLLLoss,
)  # fmt: skip
from .modules.module import Module as Module
from .parameter import Buffer as Buffer, Parameter as Parameter
