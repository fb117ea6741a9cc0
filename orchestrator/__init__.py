"""The Django project. Kept empty of imports: a sample server run with `python -m orchestrator...` loads no Django."""
