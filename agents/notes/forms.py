"""The forms of one note. `seen` binds each to the version that the person looked at."""

from datetime import datetime, time
from typing import Any

from django import forms
from django.utils import timezone

from agents.models import Note
from agents.notes.writing import LONGEST_TEXT


class JudgeForm(forms.Form):
    """Accepting a note needs nothing but what was seen. Several of these forms stand on one page."""

    seen = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"auto_id": f"{type(self).__name__.lower()}_%s", **options})


class ReasonedForm(JudgeForm):
    """Refusing or deleting a note, with the reason."""

    reason = forms.CharField(max_length=500, label="Why", help_text="Kept in the record of the note.")


class CorrectForm(ReasonedForm):
    """What a note says instead, and until when."""

    text = forms.CharField(
        max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 5}), label="What agents are to remember"
    )
    until = forms.DateField(
        required=False,
        label="Until",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The last day on which agents may read it. Without one it holds until it is deleted.",
    )
    field_order = ("text", "until", "reason", "seen")

    @classmethod
    def of(cls, note: Note) -> "CorrectForm":
        """The form as the note is now."""
        until = timezone.localtime(note.expires_at).date() if note.expires_at else None
        return cls(initial={"text": note.text, "until": until, "seen": note.version})

    def expires_at(self) -> datetime | None:
        """The end of the chosen day in the reader's time zone, from valid input."""
        day = self.cleaned_data["until"]
        return timezone.make_aware(datetime.combine(day, time(23, 59, 59))) if day else None
