"""What whoever runs Greenroom sees of it: visits, logs, metrics, traces. Never what was asked."""
