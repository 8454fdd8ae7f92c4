"""Speech, transcription and translation."""
