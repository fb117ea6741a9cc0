"""The sentences of what happens to agents, connections, tools and grants."""

SENTENCES = {
    "agent.created": "{actor} made the agent {subject}.",
    "agent.changed": "{actor} changed the agent {subject}.",
    "agent.paused": "{actor} paused the agent {subject}.",
    "agent.resumed": "{actor} let the agent {subject} act again.",
    "grant.set": "{actor} set what an agent may do with {subject}.",
    "grant.removed": "{actor} took an agent's grant for {subject} away.",
    "use.allowed": "{actor} allowed a person or team to have {subject} used on their behalf.",
    "use.withdrawn": "{actor} no longer lets a person or team have {subject} used on their behalf.",
    "connection.created": "{actor} made the connection {subject}.",
    "connection.changed": "{actor} changed the connection {subject}.",
    "connection.imported": "{actor} read the tools of {subject}.",
    "connection.import_failed": "{actor} could not read the tools of {subject}.",
    "tool.found": "{actor} found the new tool {subject}.",
    "tool.changed": "{actor} found that {subject} is not the tool it was.",
    "tool.lost": "{actor} found that {subject} is no longer offered.",
    "tool.returned": "{actor} found that {subject} is offered again, as it was.",
    "tool.classified": "{actor} classified the tool {subject}.",
    "tool.confirmed": "{actor} confirmed the classification of the changed tool {subject}.",
}
