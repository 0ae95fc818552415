"""Interoperation with other frameworks, a package for each."""
