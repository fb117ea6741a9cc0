"""What starts runs without a person: signed webhooks, schedules and events."""
