"""Registers that are uploaded: each is read and loaded by a process of its own, within limits."""
