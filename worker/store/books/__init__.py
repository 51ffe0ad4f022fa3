"""What the books hold and a decision asks of them: vouchers, balances of chains, and their past."""
