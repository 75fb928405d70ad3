-- outside a transaction: the ledger is filled. Those of one status are leafed through by time.

CREATE INDEX CONCURRENTLY occurrences_status ON occurrences (status, due_at, id);
