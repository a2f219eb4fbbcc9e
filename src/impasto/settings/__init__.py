"""Every option of a run, once: frozen, validated, without torch."""

from impasto.settings.settings import FIELDS, TYPES, Settings

__all__ = ["FIELDS", "TYPES", "Settings"]
