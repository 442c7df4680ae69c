"""One module a figure: `take(stage, rounds)` returns its report; `rounds` None means as many as are worth it."""
