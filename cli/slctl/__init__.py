"""The city's public compute from a terminal, on the client generated from its OpenAPI document."""
