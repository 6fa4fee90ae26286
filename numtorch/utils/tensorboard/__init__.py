"""Event files that TensorBoard shows, through its own package.

`pip install 'numtorch[tensorboard]'` installs it.
"""

from .writer import FileWriter, SummaryWriter

__all__ = ["FileWriter", "SummaryWriter"]
