"""Why a change to agents, connections, tools or grants was not made. Each message is what people read."""

from inspect import getdoc


class NotChanged(Exception):
    """Nothing was changed."""

    field = ""  # the form field this speaks of; empty when it is about the whole

    def __init__(self, message: str = "", *, field: str = "") -> None:
        super().__init__(message or getdoc(self))
        self.field = field or self.field

    @property
    def message(self) -> str:
        """The sentence that is shown."""
        return str(self.args[0])


class NameTaken(NotChanged):
    """This name is already in use here. Choose another."""

    field = "name"


class BadName(NotChanged):
    """A name begins with a lower-case letter, followed by lower-case letters, digits, - and _, at most 63 in all."""

    field = "name"


class BadModel(NotChanged):
    """This model cannot be used here."""

    field = "model"


class BadLimit(NotChanged):
    """A limit is a whole number above zero."""


class NoInstructions(NotChanged):
    """An agent needs instructions: say what it is responsible for and what it must not do."""

    field = "instructions"


class NobodyRepresented(NotChanged):
    """Choose one active person or one team for whom the agent acts. It may never do more than they may."""

    field = "acts_for"


class NoOwner(NotChanged):
    """Choose an active person as the owner. The owner is asked when nobody else is."""

    field = "owner"


class BadProgram(NotChanged):
    """Choose one of the programs that the operator has listed in HOLDSHORT_STDIO_SERVERS."""

    field = "server"


class BadModule(NotChanged):
    """Choose one of the modules that the operator has listed in HOLDSHORT_PYTHON_TOOLS."""

    field = "module"


class BadAddress(NotChanged):
    """Write the address of the server, beginning with https:// or http://, without user name and password."""

    field = "url"


class BadSecretName(NotChanged):
    """Write the name of an environment variable beginning with HOLDSHORT_SECRET_, not the secret itself."""

    field = "credential"


class CannotImport(NotChanged):
    """The tools could not be read from the server. Nothing was changed."""


class BadSentence(NotChanged):
    """This sentence cannot be filled in from the arguments of the tool."""

    field = "sentence"


class BadClassification(NotChanged):
    """This classification does not fit the tool."""


class SeenOther(NotChanged):
    """Somebody or something changed this after you opened the page. Look at what is new, then save again."""


class NotProposed(NotChanged):
    """Somebody has judged this note already."""


class NoteDeleted(NotChanged):
    """This note was deleted. It cannot be changed any more."""


class NoText(NotChanged):
    """Write what agents are to remember. To make them forget it, delete the note."""

    field = "text"


class NotClassified(NotChanged):
    """An admin must classify this tool before an agent may use it."""


class NoReviewer(NotChanged):
    """Choose who reviews: an active person, or a team with at least one active member."""

    field = "reviewer"


class NoReason(NotChanged):
    """Say why, in a sentence that others will understand."""

    field = "reason"


class AlreadyStopped(SeenOther):
    """Somebody stopped this before you. It stays stopped until it is released."""


class AlreadyReleased(SeenOther):
    """Somebody released this before you."""


class SecondPersonNeeded(SeenOther):
    """You have asked for this release yourself. Another person who may stop everything has to confirm it."""
