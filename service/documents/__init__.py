"""Files become text: Word, HTML, PDF, Markdown and plain text in any usual Chinese encoding."""
