"""What runs in the background. The pipeline (`worker.sync`) imports no Celery; `worker.tasks` is the thin layer above."""
