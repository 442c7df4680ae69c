"""The one-time browser link, and nothing else: Flask over `models.links` and a broker. No Celery, no Redis."""
