"""What the pages draw: they read the state, call services and draw; nothing is computed here."""
