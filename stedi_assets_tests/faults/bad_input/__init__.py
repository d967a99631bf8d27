"""Bad input, points 1 to 13 of the list of faults: `points` says for each what must happen and what proves it.

`texts`, `fields`, `people`: the files, one named case each. `test_files`: all of them through the real path, in one
run. `test_refused`: what a run refuses, with main untouched. `test_gigabyte`: objects of a gigabyte (make test-faults).
Mutated deliveries stand beside this folder (`test_mutated`).
"""
