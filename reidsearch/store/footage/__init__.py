"""Sources, spans, tracklets: what was analysed of footage, and what is missing."""
