"""The assembly line: from a configuration and data to a bundle, and back again (verify)."""
