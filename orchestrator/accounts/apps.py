from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "orchestrator.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Permissions exist only once every app is migrated, so the roles are made then."""
        from orchestrator.accounts.roles import ensure_roles

        post_migrate.connect(ensure_roles, dispatch_uid="ensure_roles")
