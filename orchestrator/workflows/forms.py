"""The forms of the workflow pages. They say whether input is well-formed; the actions say whether it makes sense."""

from typing import Any

from django import forms

from agents.forms import PartyField
from orchestrator.workflows.actions import MOST_REASON
from orchestrator.workflows.documents import MAX_BYTES
from orchestrator.workflows.rights import Right


class ImportForm(forms.Form):
    """A definition, typed or as a file. A file wins over what is typed."""

    text = forms.CharField(
        label="Definition",
        strip=False,
        widget=forms.Textarea(attrs={"class": "mono", "rows": 24, "spellcheck": "false"}),
        help_text="YAML: name, title, input, steps. What is wrong is listed with its line, and what you typed is kept.",
    )
    file = forms.FileField(
        label="Or a file",
        required=False,
        widget=forms.FileInput(attrs={"accept": ".yaml,.yml,text/yaml"}),
        help_text=f"A YAML file of at most {MAX_BYTES // 1024} kB. It replaces the text above.",
    )

    def raw(self) -> str | bytes:
        """What was sent: the bytes of the file as far as anybody reads them, else the text with plain line ends."""
        file = self.files.get("file")
        if file is not None:
            content: bytes = file.read(MAX_BYTES + 1)
            return content.replace(b"\r\n", b"\n")
        return str(self.data.get("text", "")).replace("\r\n", "\n")

    def show(self, text: str) -> None:
        """Put a text into the form that is sent back."""
        self.data = self.data.copy()  # type: ignore[attr-defined]
        self.data["text"] = text  # type: ignore[index]


def shown(raw: str | bytes) -> str:
    """What was sent, as text to look at, however it is encoded."""
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw


class WithdrawForm(forms.Form):
    """Why nobody shall go on by a version."""

    reason = forms.CharField(
        label="Why?",
        max_length=MOST_REASON,
        widget=forms.Textarea(attrs={"rows": "2", "class": "input"}),
        help_text="Whoever decides about a run of this version reads it, and it stands in the record.",
        error_messages={"required": "Say why nobody shall go on by this version."},
    )
    use_required_attribute = False


class RightForm(forms.Form):
    """Which right somebody is given, or loses."""

    who = PartyField(label="Team or person")
    right = forms.ChoiceField(
        label="May",
        choices=[(right.value, right.words) for right in Right],
        widget=forms.RadioSelect,
        initial=Right.START.value,
    )

    def given(self) -> dict[str, Any]:
        """The valid input, as the actions take it."""
        return {"who": self.cleaned_data["who"], "right": Right(self.cleaned_data["right"])}
