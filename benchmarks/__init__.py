"""What sign-in costs, each figure beside a peer or a ceiling measured in the same run."""
