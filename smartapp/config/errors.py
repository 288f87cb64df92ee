"""The one error of configuration."""


class ConfigError(ValueError):
    """A configuration that cannot be used; the message is one sentence."""
