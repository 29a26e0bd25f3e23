"""Annual, interim and research reports."""
