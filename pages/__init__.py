"""Generates pages and pictures of the documentation: `make docs`, `make images`."""
