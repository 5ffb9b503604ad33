"""The developer centre: how to begin, which keys there are, what programs asked of us and heard."""
