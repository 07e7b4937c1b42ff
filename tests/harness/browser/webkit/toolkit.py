"""GTK 3, WebKitGTK 4.1 and what belongs to them, from the system's Python bindings."""

import gi

gi.require_version("Gdk", "3.0")
gi.require_version("Gtk", "3.0")
gi.require_version("Soup", "3.0")
gi.require_version("WebKit2", "4.1")

from gi.repository import Gdk, GLib, Gtk, Soup, WebKit2  # noqa: E402 - the versions must have been chosen before

__all__ = ["GLib", "Gdk", "Gtk", "Soup", "WebKit2"]
