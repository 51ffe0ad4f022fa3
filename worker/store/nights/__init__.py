"""Nights: what is due and who is at it, what there is to tell, and the mails that tell it."""
