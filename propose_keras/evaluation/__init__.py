"""Protocols, the compiled evaluator, reports, tables and figures."""
