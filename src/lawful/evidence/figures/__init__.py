"""Figures in the style of the field: matplotlib `Figure` objects, made without touching global settings."""
