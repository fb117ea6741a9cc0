"""The sentences of what happens to tool calls."""

SENTENCES = {
    "call.proposed": "{actor} asked to call {subject}.",
    "call.refused": "A call of {subject} by {actor} was refused.",
    "call.intended": "{subject} is about to be called for {actor}.",
    "call.kept_back": "A stop keeps {subject} from being called for {actor}.",
    "call.not_begun": "{subject} was not called for {actor} after all, and waits.",
    "call.repeated": "{subject} is called again for {actor} with the same key.",
    "call.not_repeated": "{subject} may not be called again for {actor}.",
    "call.executed": "{subject} was called for {actor}.",
    "call.failed": "{subject} failed for {actor}.",
    "call.outcome_unknown": "Nobody knows whether {subject} had its effect for {actor}.",
    "call.reconciled": "A person looked up what became of {subject} for {actor}.",
    "call.closed": "A call of {subject} by {actor} ended without an effect.",
}
