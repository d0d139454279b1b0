"""What holds for the whole house: which way imports point, the shape of the rooms, what README and lock say."""
