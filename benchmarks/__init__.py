"""Proofs in numbers, each run by a target of the Makefile."""
