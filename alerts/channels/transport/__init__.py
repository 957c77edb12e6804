"""What channels share: HTTP, SMTP, MIME, markup and time budgets."""
