"""Forms for JSON Schemas: to edit the arguments of a call, to start a run, to answer a question.

`fields` says what to show, `parse` reads what was typed. A field nobody touched keeps its value exactly, whatever a
browser does to line breaks; what can't be read comes back as it was typed, with a sentence.
"""

from agents.schema_forms.fields import Field, fields
from agents.schema_forms.reading import Parsed, parse, parse_many

__all__ = ["Field", "Parsed", "fields", "parse", "parse_many"]
