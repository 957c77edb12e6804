"""The HTTP server: a process that the daemon starts. Readers answer alerts here, and calendars and monitoring read."""
