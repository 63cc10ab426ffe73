"""Locks of the PostgreSQL extension locking, for Django."""
