"""The sentences of what happens to workflows."""

SENTENCES = {
    "workflow.version_published": "{actor} published a version of the workflow {subject}.",
}
