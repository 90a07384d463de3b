"""The labelled set and how labelled paragraphs are read, checked and split."""
