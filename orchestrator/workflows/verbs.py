"""The sentences of what happens to workflows."""

SENTENCES = {
    "workflow.version_published": "{actor} published a version of the workflow {subject}.",
    "workflow.version_withdrawn": "{actor} withdrew a version of the workflow {subject}.",
    "workflow.right_given": "{actor} gave a person or team a right to the workflow {subject}.",
    "workflow.right_withdrawn": "{actor} withdrew a right to the workflow {subject} from a person or team.",
    "workflow.trigger_added": "{actor} added a trigger that starts runs of the workflow {subject}.",
    "workflow.trigger_enabled": "{actor} switched on a trigger of the workflow {subject}.",
    "workflow.trigger_disabled": "{actor} switched off a trigger of the workflow {subject}.",
    "workflow.trigger_secret_renewed": "{actor} renewed the secret of a webhook of the workflow {subject}.",
}
