-- What one order runs: the service's own statement, taken from its source, with values that pgbench can make. Each connection
-- orders for a customer of its own; ids rise with time, as the service's do.
\if :known = 0
SELECT id AS customer, 1 AS known FROM account WHERE email LIKE 'bench-%' ORDER BY id OFFSET :client_id LIMIT 1 \gset
\endif
\set shop random({first_shop}, {last_shop})
\set a :shop * 100 + random(1, {third})
\set b :shop * 100 + {third} + random(1, {third})
\set c :shop * 100 + {third} * 2 + random(1, {third})
\set n :n + 16
{statement};
