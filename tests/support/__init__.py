"""What several tests share: the throw-away cluster, builders and checkers."""
