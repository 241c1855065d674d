"""How the device_api exercises are judged."""
