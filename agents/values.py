"""What an admin fills in, as values: checked before anything is stored."""

from dataclasses import dataclass

from agents.states import Effect, Idempotency, Reversibility


@dataclass(frozen=True, kw_only=True)
class Brief:
    """What an agent is told, the model it uses, and its limits for one step of a run."""

    instructions: str
    model: str
    max_turns: int = 12
    max_calls: int = 40
    max_tokens: int = 200_000


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where a connection leads: a program or module by its listed name, or a web address; the name of its secret."""

    transport: str
    server: str = ""
    url: str = ""
    credential: str = ""
    kind: str = "mcp"


@dataclass(frozen=True, kw_only=True)
class Classification:
    """What an admin says about a tool. `sensitive` are JSON pointers (RFC 6901); `timeout_seconds` is in seconds."""

    effect: Effect
    reversibility: Reversibility = Reversibility.UNKNOWN
    undo_note: str = ""
    idempotency: Idempotency = Idempotency.NEITHER
    sentence: str = ""
    short_sentence: str = ""
    amount_argument: str = ""
    currency: str = ""
    sensitive: tuple[str, ...] = ()
    timeout_seconds: int = 30
