"""What people do with a commitment: acknowledge, snooze, move, close, reopen, edit. One function each."""
