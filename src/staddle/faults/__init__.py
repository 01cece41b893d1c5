"""Faults: commands cut at every step they take, and what they leave judged; what `drill` runs, and our own tests."""
