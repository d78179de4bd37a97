"""The temperature of a lake through a season, in depth and time."""
