"""A small venture back office: eight services in one process."""
