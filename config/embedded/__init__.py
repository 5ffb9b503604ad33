"""A whole city's servers on one machine: databases, queue, compute and web, without a system package."""
