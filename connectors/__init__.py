"""Every way in and out: sources, sinks, broker, store, search engine, delivery."""
