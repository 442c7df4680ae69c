"""Telling who is to be told of events: the outbox `event_deliveries`, and each way out of it."""
