"""How the kernel_fusion exercises are judged."""
