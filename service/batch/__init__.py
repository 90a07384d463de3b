"""Scoring files: readers, the resumable scorer and writers."""
