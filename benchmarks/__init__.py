"""Benchmarks, each run by a target of the Makefile."""
