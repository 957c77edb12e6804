"""What commands and pages show of commitments and alerts: worked out once, printed or rendered by others."""
