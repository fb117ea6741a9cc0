"""The inbox and the review page."""
