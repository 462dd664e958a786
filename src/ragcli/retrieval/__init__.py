"""Question to ranking: each half, and their fusion."""
