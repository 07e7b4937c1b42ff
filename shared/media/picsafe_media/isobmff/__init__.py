"""ISO base media files: films, HEIF and AVIF."""
