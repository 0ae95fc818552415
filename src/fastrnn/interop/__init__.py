"""Other frameworks, one module each: their names, their files, their objects."""
