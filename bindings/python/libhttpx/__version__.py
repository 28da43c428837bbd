"""What this package is called, and which HTTPX it is."""

__title__ = "httpx"
__description__ = "A next generation HTTP client, for Python 3."
__version__ = "0.28.1"
