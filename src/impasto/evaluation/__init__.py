"""The quality lab: pictures measured, methods compared, and people asked which they prefer."""
