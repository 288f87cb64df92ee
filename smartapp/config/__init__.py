"""Settings: one TOML file and the environment, read once, refusing nonsense at start (interfaces.md section 3).

Here live the models, the reading and the checks.
Never here: anything that uses a setting; factory and cli pass values on as arguments.
"""
