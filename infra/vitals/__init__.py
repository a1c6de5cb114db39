"""Whether all is well: checks, gauges, the quality of alarms and of sources."""
