"""Building blocks of every screen: DOM, events, forms, dialogs, lists."""
