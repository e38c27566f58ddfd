"""What the example apps share: settings from the environment, pages, sessions in memory."""
