"""The commands of `nabat`, by what they are about."""
