"""The forms that stop and release. They say whether input is well-formed; the actions say whether it may be."""

from uuid import UUID

from django import forms
from django.http import Http404

from agents.states import StopMode, StopScope

LONGEST_REASON = 500
MODES = (
    (StopMode.NOW, "Stop now: nothing new is sent, from this moment on"),
    (StopMode.FINISH, "Let steps under way finish; nothing new begins"),
)


class StopForm(forms.Form):
    """What to stop, how, and why."""

    scope = forms.ChoiceField(choices=StopScope.choices, widget=forms.HiddenInput)
    thing = forms.UUIDField(required=False, widget=forms.HiddenInput)
    mode = forms.ChoiceField(label="How", choices=MODES, widget=forms.RadioSelect, initial=StopMode.NOW)
    reason = forms.CharField(max_length=LONGEST_REASON, help_text="Everybody who is held up by it will read this.")

    @classmethod
    def of(cls, scope: StopScope, thing: UUID | None) -> "StopForm":
        """The form that stops this thing."""
        return cls(initial={"scope": scope, "thing": thing}, auto_id="stop_%s")

    @classmethod
    def sent(cls, data: object) -> "StopForm":
        """The form as somebody sent it."""
        return cls(data, auto_id="stop_%s")  # type: ignore[arg-type]

    def named(self) -> tuple[StopScope, UUID | None]:
        """What is to be stopped, whether the rest is valid or not. Raises Http404 when it names nothing."""
        self.is_valid()
        if "scope" in self.errors or "thing" in self.errors:
            raise Http404
        return StopScope(self.cleaned_data["scope"]), self.cleaned_data["thing"]


class ReleaseForm(forms.Form):
    """Why something may go on."""

    reason = forms.CharField(max_length=LONGEST_REASON, help_text="Everybody can read this later.")


class ConfirmForm(forms.Form):
    """A word to what another person asked for: it needs no reason of its own."""
