"""Frames through any stylizer: decoded, painted, kept steady, encoded."""
