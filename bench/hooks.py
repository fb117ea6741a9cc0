"""What a benchmark hangs onto a worker: it tells when it is ready and when a run waits or has ended.

A worker is given this module by Celery's own option, `worker --include bench.hooks`; nothing else of it is changed.
With BENCH_RECORD=off the record is switched off in this process, to see what it costs.
"""

import os

from celery.signals import worker_ready

from bench import protocol
from orchestrator.runs.models import Run
from orchestrator.runs.signals import run_changed
from orchestrator.runs.states import RunState


@worker_ready.connect(weak=False)
def _ready(**_: object) -> None:
    """A worker that was killed between its commit and its mark has told nobody of the end: this one does."""
    protocol.mark("W", 0)
    for run in Run.objects.filter(state=RunState.SUCCEEDED):
        tell(run)


def tell(run: Run, **_: object) -> None:
    """Mark that a run waits for a person, or has ended well."""
    if run.state == RunState.WAITING:
        protocol.mark("K", run.input["wf"])
    elif run.state == RunState.SUCCEEDED:
        protocol.mark("C", run.input["wf"])


run_changed.connect(tell, weak=False)
if os.environ.get("BENCH_RECORD") == "off":
    from bench import unrecorded

    unrecorded.switch_off()
