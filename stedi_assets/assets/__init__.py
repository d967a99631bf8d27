"""The asset graph: raw sources, landing tables, trusted and curated tables. Nothing here computes."""
