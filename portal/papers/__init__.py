"""Papers that left the house: whoever holds one may ask whether it is ours and says what we printed."""
