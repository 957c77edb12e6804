"""The pages: what is tracked, as a browser shows it, complete without scripts."""
