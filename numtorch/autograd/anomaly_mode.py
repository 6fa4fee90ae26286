"""The names of torch.autograd.anomaly_mode."""

from .anomaly import detect_anomaly, set_detect_anomaly  # noqa: F401
