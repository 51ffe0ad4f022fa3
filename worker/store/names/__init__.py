"""Companies, terms and chains as the numbers that rows carry, and back."""
