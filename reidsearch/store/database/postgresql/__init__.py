"""PostgreSQL under an archive: one archive is one database, made with the collation C.

Its tables are in the schema `main`, as the migrations make them. The schema `proven` holds what is
made by this program beside them (`proofs`): views with the names of the tables, whose rows are
proven on their way, and the notes of who holds a lock. A connection that reads looks into `proven`
first, one that writes into `main` alone.

Only this folder knows psycopg.
"""
