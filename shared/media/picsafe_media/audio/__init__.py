"""Recordings: WAVE, MP3, FLAC, Ogg, AMR."""
