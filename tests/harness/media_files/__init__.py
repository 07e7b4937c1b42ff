"""Small media files, built by hand for what is wrong or private in them."""
