"""What is asked and checked for each kind of document."""
