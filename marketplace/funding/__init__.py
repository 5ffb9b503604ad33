"""What an order is paid from: sources that quote, hold, capture and release."""
