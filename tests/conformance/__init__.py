"""Conformance with PyTorch: every function of torch's own sample database, held against torch.

    python -m tests.conformance [--ops REGEX] [--dtypes quick|all] [--jobs N] [--verbose]

prints a table: for each function forward values, result dtypes and shapes, gradients (first and
second order), the in-place variant, `out=` and the error cases.
"""
