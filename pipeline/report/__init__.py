"""What people read: HTML reports and digests, and exports for their own tools. All of it made from StoredAnalysis."""
