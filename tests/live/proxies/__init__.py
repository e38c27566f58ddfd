"""The real proxies in front of the bridge's forward-auth, with the configurations we hand out."""
