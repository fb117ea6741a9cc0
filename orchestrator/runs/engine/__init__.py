"""The engine. Begin with `advancing`; `planner` says what is next, and `kinds` what each kind of step does."""
