"""The sentences of what happens to runs and steps."""

SENTENCES = {
    "run.started": "{actor} started: {subject}.",
    "run.finished": "The run is done: {subject}.",
    "run.failed": "The run failed: {subject}.",
    "run.stopped": "The run was stopped: {subject}.",
    "run.goes_on": "{actor} let the run go on by a version that was withdrawn: {subject}.",
    "run.troubled": "Driving the run broke: {subject}.",
    "step.started": "A step began: {subject}.",
    "step.read": "{actor} read something, and a step is done: {subject}.",
    "step.finished": "A step is done: {subject}.",
    "step.failed": "A step failed: {subject}.",
    "step.stopped": "A step was stopped: {subject}.",
    "step.skipped": "A step was not done: {subject}.",
    "step.retried": "A step is tried again: {subject}.",
    "step.part_ended": "A part of a step has ended: {subject}.",
    "step.handed_off": "{actor} passed the task on: {subject}.",
    "run.cancelled": "{actor} asked for the run to end: {subject}.",
    "step.escalated": "A step needs a person: {subject}.",
    "turn.recorded": "{actor} answered in step {subject}.",
    "batch.started": "{actor} started runs from a file: {subject}.",
}
