"""`brokersync demo`: link → sync → rows → live messages at a make-believe broker, with no account, in one command."""
