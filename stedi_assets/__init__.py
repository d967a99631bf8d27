"""The STEDI lakehouse: landing, trusted and curated zones of step trainer data."""
