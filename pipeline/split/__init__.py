"""From text to sections, sentences and chunks. Everything speaks in half-open spans of ``Document.text``."""
