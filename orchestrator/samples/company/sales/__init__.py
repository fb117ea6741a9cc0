"""The sales desk: enquiries become leads, and leads get a meeting, a salesperson, or a series of mails."""
