"""发票: what a firm paid, as its tax office wants to see it."""
