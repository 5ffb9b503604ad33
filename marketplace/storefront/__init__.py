"""The market as its visitors see it: what there is, what is free, what it costs this buyer."""
