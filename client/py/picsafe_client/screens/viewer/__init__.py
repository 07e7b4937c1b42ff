"""An opened report."""
