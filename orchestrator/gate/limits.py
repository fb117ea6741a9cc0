"""How much a program may send."""

from agents.contracts import MAX_DEPTH

MAX_BODY = 256 * 1024
MAX_BODY_DEPTH = MAX_DEPTH + 1  # the input of a run, and the object around it
