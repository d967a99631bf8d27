"""Erasure: a person who asked for it is taken out of everything that is kept, and kept out of what arrives later.

Here: who is to be kept out (`suppression`, `traces`) and the list that remembers it (`registry`); taking their records
out of landed objects (`raw_objects`, `separators`) and out of every file of a table, its history included (`history`);
whom an erasure is about (`people`), and its order (`forget`). Not here: the command.
"""
