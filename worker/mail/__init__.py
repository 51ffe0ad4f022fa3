"""What is said by mail, how it looks, and how it reaches a mail server."""
