"""Devices: real CUDA and the simulator, behind one interface."""
