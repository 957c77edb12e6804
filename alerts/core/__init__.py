"""The thinking half: deadlines, rules and what is to be said. Pure: no clock, no files, no network."""
