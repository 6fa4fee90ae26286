"""Files of tensors: PyTorch's zip archive and its older stream of pickles, read and written.

archive: the zip container. pickler, opcodes: pickles with PyTorch's class names, and the machine
that reads them without running code. storages, rebuild: the memory of tensors and its views.
"""
