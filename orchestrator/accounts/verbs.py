"""The sentences of what people do with their accounts."""

SENTENCES = {
    "user.signed_in": "{actor} signed in.",
    "user.signed_out": "{actor} signed out.",
    "user.sign_in_failed": "Somebody failed to sign in as {subject}.",
    "user.time_zone_set": "{actor} chose the time zone in which times are shown to them.",
    "token.created": "{actor} made the API token {subject}.",
    "token.revoked": "{actor} revoked the API token {subject}.",
}
