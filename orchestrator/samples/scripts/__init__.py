"""The scripted agents of Norrland Group: Python functions in the place of a model, labelled as such wherever they show.

Each reads what the company's tools really answered and reacts to what people decided. `findings` modules judge; the
modules beside them speak.
"""
