"""The pages of agents, connections, tools and permissions. Each view parses, calls and renders."""
