"""An offline broker in the shape of Schwab: its login, its token endpoint and its account API, over HTTP only.

It imports nothing of the rest of the project, so that it can be wrong only about Schwab, never agree with us by
construction. What its answers rest on, and what is not known, is in `docs/sandbox.md`.
"""
