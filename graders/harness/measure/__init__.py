"""Time ratios and the lease of the GPU that they need."""
