"""`manage.py import_workflow FILE...`: publish definitions, or say what is wrong with them, as file:line."""

from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError, CommandParser

from orchestrator.accounts.models import User
from orchestrator.workflows.actions import Checked, check_definition, import_definition
from orchestrator.workflows.documents import MAX_BYTES
from orchestrator.workflows.models import WorkflowVersion
from orchestrator.workflows.problems import DefinitionError


class Command(BaseCommand):
    """Each file stands for itself: a bad one is told and does not keep the others from being published."""

    help = "Publish workflow definitions (YAML). Says what is wrong as file:line:column; exits with 1 if anything is."

    def add_arguments(self, parser: CommandParser) -> None:
        """Files, and in whose name they are published."""
        parser.add_argument("files", nargs="+", metavar="FILE", type=Path)
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument("--by", metavar="EMAIL", help="the admin in whose name the versions are published")
        who.add_argument("--check", action="store_true", help="only say what is wrong; publish nothing")

    def handle(self, *args: Any, files: list[Path], by: str | None, **options: Any) -> None:
        """Publish or check every file. Raises CommandError when one could not be used."""
        person = self._person(by) if by else None
        bad = sum(not self._take(file, person) for file in files)
        if bad:
            raise CommandError(f"{bad} of {len(files)} files {'has' if bad == 1 else 'have'} problems.")

    def _person(self, email: str) -> User:
        person = User.objects.filter(email__iexact=email, is_active=True).first()
        if person is None:
            raise CommandError(f"There is no active person {email}. Name an admin's e-mail address with --by.")
        return person

    def _take(self, file: Path, by: User | None) -> bool:
        """Check or publish one file; whether that worked."""
        try:
            with file.open("rb") as opened:
                raw = opened.read(MAX_BYTES + 1)
            checked = check_definition(raw)
            self._warn(file, checked)
            told = self._publish(raw, checked, by) if by else "no problems"
        except OSError as error:
            self.stderr.write(f"{file}: The file cannot be read: {error.strerror}.")
            return False
        except DefinitionError as error:
            for problem in error.problems:
                self.stderr.write(f"{file}:{problem.line}:{problem.column}: {problem.sentence}")
            return False
        except PermissionDenied:
            self.stderr.write(f"{file}: {by} may not publish this workflow. Name somebody with the role Admins.")
            return False
        self.stdout.write(f"{file}: {told}")
        return True

    def _publish(self, raw: bytes, checked: Checked, by: User) -> str:
        known = WorkflowVersion.objects.filter(workflow__name=checked.definition.name).values_list("pk", flat=True)
        before = set(known)
        version = import_definition(text=raw, by=by)
        what = "is as it was" if version.pk in before else "published"
        return f"{version.workflow.title}, version {version.number} {what}"

    def _warn(self, file: Path, checked: Checked) -> None:
        for warning in checked.warnings:
            self.stderr.write(f"{file}:{warning.line}:{warning.column}: warning: {warning.sentence}")
