"""What a broker is: link, exchange, refresh, fetch → frozen records. No database, no Celery, no Flask."""
