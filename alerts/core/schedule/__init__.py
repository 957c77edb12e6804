"""When a commitment needs an alert: moments, answers, watches and their evaluation."""
