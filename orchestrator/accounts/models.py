"""People and the tokens their programs use. A team is a Django Group; so are the roles Reviewers, Admins, Auditors."""

import hashlib
import secrets
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.utils import timezone

from audit.ids import new_ref


class UserManager(BaseUserManager["User"]):
    """Makes users, known by their e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A saved user. Without a password the account can only be used through a token or a later reset."""
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A user whom no permission check stops; for the first set-up only."""
        return self.create_user(email, password, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person. People whom the record names are deactivated, never deleted."""

    ref = models.UUIDField(default=new_ref, unique=True, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField("display name", max_length=120)
    time_zone = models.CharField(max_length=64, default="UTC")
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects = UserManager()

    def __str__(self) -> str:
        return self.name

    @property
    def initials(self) -> str:
        """One or two capitals for the avatar."""
        words = self.name.split() or [self.email]
        return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


class ApiToken(models.Model):
    """A secret with which a program acts as its owner. Only a digest of it is kept."""

    ref = models.UUIDField(default=new_ref, unique=True, editable=False)
    owner = models.ForeignKey(User, models.PROTECT, related_name="api_tokens")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @staticmethod
    def digest_of(secret: str) -> str:
        """What is stored of a secret. It has 256 random bits, so a plain SHA-256 cannot be searched."""
        return hashlib.sha256(secret.encode()).hexdigest()

    @staticmethod
    def new_secret() -> str:
        """A fresh secret; shown to its owner once."""
        return "hs_" + secrets.token_urlsafe(32)
