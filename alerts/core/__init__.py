"""The rules, the schedule and what each alert carries. Pure: no clock, no files, no network."""
