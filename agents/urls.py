"""The addresses of agents, connections, tools and permissions."""

from django.urls import path

from agents.views import agents, connections, permissions, stops, tools

urlpatterns = [
    path("agents/", agents.agents, name="agents"),
    path("agents/new/", agents.agent_new, name="agent-new"),
    path("agents/<uuid:ref>/", agents.agent, name="agent"),
    path("agents/<uuid:ref>/edit/", agents.agent_edit, name="agent-edit"),
    path("connections/", connections.connections, name="connections"),
    path("connections/new/", connections.connection_new, name="connection-new"),
    path("connections/<uuid:ref>/", connections.connection, name="connection"),
    path("connections/<uuid:ref>/edit/", connections.connection_edit, name="connection-edit"),
    path("connections/<uuid:ref>/import/", connections.connection_import, name="connection-import"),
    path("connections/<uuid:ref>/confirm/", connections.connection_confirm, name="connection-confirm"),
    path("tools/<uuid:ref>/", tools.tool, name="tool"),
    path("tools/<uuid:ref>/classify/", tools.tool_classify, name="tool-classify"),
    path("tools/<uuid:ref>/preview/", tools.tool_preview, name="tool-preview"),
    path("tools/<uuid:ref>/use/", tools.tool_use, name="tool-use"),
    path("permissions/", permissions.permissions, name="permissions"),
    path("permissions/set/", permissions.grant_set, name="grant-set"),
    path("stops/", stops.stops, name="stops"),
    path("stops/line/", stops.stops_line, name="stops-line"),
    path("stops/set/", stops.stop_set, name="stop-set"),
    path("stops/<uuid:ref>/release/", stops.stop_release, name="stop-release"),
    path("stops/<uuid:ref>/keep/", stops.stop_keep, name="stop-keep"),
]
