"""One event document to the installation's webhook: signed, bounded in time, and only to where it may go."""

from worker.webhook.sending import NotDelivered, Webhook

__all__ = ["NotDelivered", "Webhook"]
