"""Memory: SQLAlchemy Core over SQLite (default) or PostgreSQL.

Here live the tables, their migrations, and one module a kind of record.
Never here: a clinical comparison, a decision of the flow, an ORM.
"""
