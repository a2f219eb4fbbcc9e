"""Networks in torch: their layers, and nothing else."""
