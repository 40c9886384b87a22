"""How GT-Vision's plate networks are made: scene → picture → labels → networks."""
