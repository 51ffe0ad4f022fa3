"""Moving a company to perpetual inventory: its plans, and the sums that they rest on."""
