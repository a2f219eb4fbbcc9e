"""Pictures measured, methods compared, and people asked which results they prefer."""
