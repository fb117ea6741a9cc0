"""The sentences of what happens to notes."""

SENTENCES = {
    "note.remembered": "{actor} noted something about {subject}.",
    "note.proposed": "A decision of {actor} proposed a note about {subject}.",
    "note.accepted": "{actor} accepted the note about {subject}.",
    "note.refused": "{actor} refused the note about {subject}.",
    "note.corrected": "{actor} corrected the note about {subject}.",
    "note.deleted": "{actor} deleted the note about {subject}.",
}
