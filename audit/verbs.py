"""Every verb of the record and the plain sentence it is read as.

Apps register theirs at start; `record` refuses others.
"""

SENTENCES: dict[str, str] = {}


class UnknownVerb(LookupError):
    """This verb has no sentence, so nobody could read the entry later."""


def register(sentences: dict[str, str]) -> None:
    """Add verbs of the form `app.past_participle` with a sentence in which {actor} and {subject} stand for names."""
    SENTENCES.update(sentences)


def sentence(verb: str, *, actor: str, subject: str) -> str:
    """The entry as a plain sentence. Raises UnknownVerb."""
    try:
        template = SENTENCES[verb]
    except KeyError:
        raise UnknownVerb(f"{verb!r} has no sentence; register one in the verbs.py of its app.") from None
    return template.replace("{actor}", actor).replace("{subject}", subject)
