"""The shipped scenario and how it is shown."""
