"""How it is run: commands, settings, the embedded runner, provisioning, metrics, health."""
