"""Files and journals through the pipeline: replay, enrich, detect, export, explain."""
