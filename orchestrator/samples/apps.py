from django.apps import AppConfig


class SamplesConfig(AppConfig):
    """Packaged workflows and the sample company they act on."""

    name = "orchestrator.samples"
    label = "samples"
    verbose_name = "Samples"
