"""The agents that only carry out what a workflow has decided. They are never given a task."""

from agents.runtime.scripted import Final, Say, ScriptState, scripted


@scripted("desk")
def desk(state: ScriptState) -> Say:
    """Say so."""
    return Final("I carry out single calls for a workflow. I have nothing to decide.")
