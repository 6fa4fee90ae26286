"""On the module path of child processes: `import torch` there finds torch.py of this folder."""
