"""The layers. numtorch.nn adds its classes under their names."""
