"""What we keep: tables, sealed attributes, sessions, the snapshot upsert, links. No HTTP, no Celery, no Flask."""
