"""Still images: JPEG, PNG, GIF, WebP, and what is embedded in them."""
