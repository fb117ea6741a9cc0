"""The secrets with which senders of webhooks sign (Standard Webhooks 1.0, symmetric keys: whsec_ and 32 bytes)."""

from base64 import b64encode

from django.utils.crypto import salted_hmac

from orchestrator.workflows.models import Trigger


def secret_of(trigger: Trigger) -> str:
    """The secret in force. It follows from the secret key of this Holdshort, and is kept nowhere."""
    named = f"{trigger.ref}:{trigger.secret_number}"
    key = salted_hmac("orchestrator.workflows.triggers", named, algorithm="sha256").digest()
    return f"whsec_{b64encode(key).decode()}"
