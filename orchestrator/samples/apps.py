from importlib import import_module

from django.apps import AppConfig


class SamplesConfig(AppConfig):
    """Packaged workflows and the sample company they act on."""

    name = "orchestrator.samples"
    label = "samples"
    verbose_name = "Samples"

    def ready(self) -> None:
        """Make the scripted and recorded agents known, so that their model strings can be used and checked."""
        from orchestrator.samples.retail import recording

        for module in ("claims", "refund", "sales", "legal", "casework", "editorial", "desk"):
            import_module(f"orchestrator.samples.scripts.{module}")
        recording.register()
