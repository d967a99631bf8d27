"""The command `stedi`. `main` declares the commands; each is carried out by the module of its name."""
