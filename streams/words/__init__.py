"""How a watched term is written: patterns, paradigms, phrases, homonyms, labels."""
