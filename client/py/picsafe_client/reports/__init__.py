"""Reports without a screen: lists, opening, ranged reading, exporting."""
