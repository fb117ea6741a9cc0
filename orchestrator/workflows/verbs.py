"""The sentences of what happens to workflows."""

SENTENCES = {
    "workflow.version_published": "{actor} published a version of the workflow {subject}.",
    "workflow.right_given": "{actor} gave a person or team a right to the workflow {subject}.",
    "workflow.right_withdrawn": "{actor} withdrew a right to the workflow {subject} from a person or team.",
}
