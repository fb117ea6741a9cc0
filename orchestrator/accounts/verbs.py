"""The sentences of what people change about their accounts."""

SENTENCES = {
    "user.time_zone_set": "{actor} chose the time zone in which times are shown to them.",
    "token.created": "{actor} made the API token {subject}.",
    "token.revoked": "{actor} revoked the API token {subject}.",
}
