"""`import torch` in a child process: numtorch's modules under that name."""

if __name__ == "torch":
    from _numtorch_child import install

    install(__name__)
