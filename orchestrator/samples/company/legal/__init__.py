"""The legal desk: contracts under review, what others pay, the rules for clauses, and sending for signature."""
