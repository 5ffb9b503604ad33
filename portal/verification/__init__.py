"""A firm proves who it is: licence, people and promises, reviewed by the platform."""
