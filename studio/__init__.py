"""What people see: the outermost gateway, the artists' pages, and backstage."""
