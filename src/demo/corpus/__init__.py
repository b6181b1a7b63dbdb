"""The dialogues that the demo model learns from, by skill."""
