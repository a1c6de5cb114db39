"""The tagger of names: natasha's weights, our own inference, the same figures in any batch."""
