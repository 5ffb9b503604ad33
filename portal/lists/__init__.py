"""What people take from a list and keep of it: files and saved views."""
