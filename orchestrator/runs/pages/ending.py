"""The form that ends a run."""

from django import forms

FINISH, NOW = "finish", "now"


class EndForm(forms.Form):
    """Why a run is to end, and what becomes of the steps that have begun."""

    mode = forms.ChoiceField(
        label="Steps that have begun",
        choices=(
            (FINISH, "Finish steps that have begun; nothing new starts"),
            (NOW, "Stop now: what waits for a person, a time or an event is given up"),
        ),
        initial=FINISH,
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label="Why?",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": "2", "class": "input"}),
        help_text="It stands in the record, and whoever looks at the run reads it.",
        error_messages={"required": "Say why the run is to end."},
    )
    use_required_attribute = False
