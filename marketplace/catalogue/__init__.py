"""What providers sell: plans and their prices by date."""
