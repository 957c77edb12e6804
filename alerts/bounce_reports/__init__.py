"""Mails by which mail servers report what became of a mail: failed, delayed or delivered. The only flufl.bounce."""
