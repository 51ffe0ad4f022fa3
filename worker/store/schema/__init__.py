"""What the database holds, as SQLAlchemy tables: one file for each part of the system, `tables` for all of it."""
