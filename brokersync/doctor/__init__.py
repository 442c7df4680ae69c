"""`brokersync doctor`: what can be wrong with a set-up, found before it costs somebody an evening."""
