-- What one order runs, as `wayfare-bench statements` prints it from the server's log. Differences: the id is made here,
-- ordered by time as the service's are, since pgbench can't make one; what the service computes is constant. Each connection
-- orders for a customer of its own.
\if :known = 0
SELECT id AS customer, 1 AS known FROM account WHERE email LIKE 'bench-%' ORDER BY id OFFSET :client_id LIMIT 1 \gset
\endif
\set shop random({first_shop}, {last_shop})
\set a :shop * 100 + random(1, {third})
\set b :shop * 100 + {third} + random(1, {third})
\set c :shop * 100 + {third} * 2 + random(1, {third})
BEGIN;
SELECT id, shop_id, name, description, category, price, currency, stock, image, search, created_at, changed_at, retired_at
FROM product WHERE shop_id = :shop AND id IN (:a, :b, :c) AND retired_at IS NULL ORDER BY id ASC FOR UPDATE;
UPDATE product SET stock = stock - CAST((CASE WHEN id = :a THEN 1 WHEN id = :b THEN 2 WHEN id = :c THEN 3 ELSE 0 END) AS integer)
WHERE id IN (:a, :b, :c)
    AND stock >= CAST((CASE WHEN id = :a THEN 1 WHEN id = :b THEN 2 WHEN id = :c THEN 3 ELSE 0 END) AS integer)
RETURNING id, stock;
INSERT INTO orders (id, account_id, shop_id, courier_id, state, total, currency, address, lat, lon, mode, note,
    idempotency_key, request_hash, placed_at, changed_at)
SELECT new.id, :customer, :shop, NULL, 'placed', 3705, 'EUR', '12 Harbour Street', 52.3702, 4.8952, 'bike', NULL,
    new.id::text, 'c79e315e1620db0e5ab9ae259eb9e276187fc78ca6cae3f3007310e1ca1460f0', now(), now()
FROM (SELECT (lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0')
    || substr(encode(uuid_send(gen_random_uuid()), 'hex'), 13))::uuid AS id) AS new
RETURNING id AS order_id \gset
INSERT INTO order_line (order_id, product_id, name, price, quantity)
VALUES (:order_id, :a, 'Bench dish 1', 501, 1), (:order_id, :b, 'Bench dish 25', 525, 2), (:order_id, :c, 'Bench dish 51', 551, 3);
INSERT INTO order_event (order_id, shop_id, state, account_id, at) VALUES (:order_id, :shop, 'placed', :customer, now());
INSERT INTO audit (at, account_id, role, action, subject, detail, ip, request_id)
VALUES (now(), :customer, 'customer', 'place_order', :order_id, '{"total": 3705, "shop_id": 1016, "currency": "EUR"}',
    '127.0.0.1', '01a1fcc04e7d77398c4db093d19f8465');
COMMIT;
