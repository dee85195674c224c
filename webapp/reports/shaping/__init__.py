"""Filters, groups, sorts and totals the data of a report."""
