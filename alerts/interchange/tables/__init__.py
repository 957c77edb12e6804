"""Reads commitments from tables: CSV files and Excel workbooks."""
