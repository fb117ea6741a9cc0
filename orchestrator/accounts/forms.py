"""The forms of the account page. They say whether input is well-formed; the actions say whether it makes sense."""

from django import forms

from orchestrator.accounts.zones import zone_choices


class TimeZoneForm(forms.Form):
    """In which time zone times are shown."""

    time_zone = forms.ChoiceField(
        choices=zone_choices,
        error_messages={"invalid_choice": "There is no time zone of this name. Choose one from the list."},
        help_text="Times on every page are shown in this zone. The record itself is kept in UTC.",
    )


class TokenForm(forms.Form):
    """A new token."""

    name = forms.CharField(
        max_length=80,
        help_text="Which program will use it, such as Order import.",
        error_messages={"required": "Give the token a name that says which program uses it."},
    )
