"""Long-term memory: notes that agents write and read through the gateway, and that people judge.

`tools` is the module behind the built-in connection `memory`; `places` is how notes learn which workflow a run belongs
to; `writing` and `recalling` are what the tools do; `judging` is what people do on the pages.
"""
