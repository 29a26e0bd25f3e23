"""How good the findings are, on documents whose findings somebody knows: ``longdoc eval``."""
