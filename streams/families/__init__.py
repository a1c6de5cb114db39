"""Text families: features, copies, the signatures of channels, the window that remembers."""
