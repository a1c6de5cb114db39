"""How pages and feeds become entries: looks, edits, losses, markup, schedule."""
