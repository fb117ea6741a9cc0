"""Whether steps form a graph without cycles: all that is waited for stands above, and a fallback is for one step."""

from collections.abc import Iterator, Sequence

from orchestrator.workflows.kinds import StepSpec
from orchestrator.workflows.problems import Path
from orchestrator.workflows.wording import suggestion


def graph_problems(steps: Sequence[StepSpec]) -> Iterator[tuple[Path, str]]:
    """What is wrong with how steps depend on each other: the path inside the list, and a sentence."""
    ids = [step.id for step in steps]
    stands_in: dict[str, str] = {}
    for place, step in enumerate(steps):
        if step.fallback is not None:
            sentence = _fallback_problem(step, step.fallback, ids, stands_in)
            if sentence is None:
                stands_in[step.fallback] = step.id
            else:
                yield (place, "on_failure"), sentence
    for place, step in enumerate(steps):
        if step.id in stands_in and step.needs is not None:
            primary = stands_in[step.id]
            yield (place, "needs"), f'This step is done only when "{primary}" fails. Leave "needs" out.'
        else:
            yield from (((place, *below), sentence) for below, sentence in _need_problems(step, ids[:place], stands_in))


def _fallback_problem(step: StepSpec, fallback: str, ids: Sequence[str], stands_in: dict[str, str]) -> str | None:
    if fallback not in ids:
        return f'There is no step "{fallback}" to fall back to.{suggestion(fallback, ids)}'
    if fallback in stands_in:
        return f'Step "{fallback}" is the fallback of "{stands_in[fallback]}" already. Write a step of its own.'
    behind: str | None = step.id
    while behind is not None:
        if behind == fallback:
            return f'Step "{fallback}" cannot be its own fallback.'
        behind = stands_in.get(behind)
    return None


def _need_problems(step: StepSpec, above: Sequence[str], stands_in: dict[str, str]) -> Iterator[tuple[Path, str]]:
    needs = step.needs or []
    for index, name in enumerate(needs):
        if name in stands_in:
            yield ("needs", index), f'"{name}" is a fallback. Wait for "{stands_in[name]}": it stands for that one.'
        elif name not in above:
            fix = suggestion(name, above) or " Nothing is written above it."
            yield ("needs", index), f'"{name}" is no step above this one.{fix}'
        elif name in needs[:index]:
            yield ("needs", index), f'"{name}" stands here twice.'
    if isinstance(step.join, int) and step.needs is not None and step.join > len(needs):
        yield ("join",), f"{step.join} of {len(needs)} steps can never succeed. Write {len(needs)} or less, or all."
