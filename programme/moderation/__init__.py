"""What is not drawn here: rules as data, explained to whoever meets one, and open to appeal."""
