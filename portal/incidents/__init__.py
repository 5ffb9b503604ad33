"""What is out of order, and what will be: told to everybody before they ask."""
