"""How a connection stands, in one sentence: what is the case, what happens next and when, who has to do what."""
