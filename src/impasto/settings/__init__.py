"""Every option of a run, once: frozen, validated, without torch."""

from impasto.settings.settings import FIELDS, OPTIONAL, TYPES, Settings

__all__ = ["FIELDS", "OPTIONAL", "TYPES", "Settings"]
