"""Transforms of images: classes to compose, and the same as functions in `functional`."""

from . import functional
from .autoaugment import *  # noqa: F403
from .transforms import *  # noqa: F403
