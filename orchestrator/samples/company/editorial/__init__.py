"""The editorial desk: briefs, the rules of the brand and of the law, and what is published."""
