"""Deadlines as people state them, and the earliest and latest instants that they mean."""
