"""What was used becomes what is owed."""
