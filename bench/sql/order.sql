\set shop random({first_shop}, {last_shop})
\set a :shop * 100 + random(1, {third})
\set b :shop * 100 + {third} + random(1, {third})
\set c :shop * 100 + {third} * 2 + random(1, {third})
BEGIN;
SELECT id, shop_id, name, price, currency, stock FROM product
WHERE id IN (:a, :b, :c) AND shop_id = :shop AND retired_at IS NULL ORDER BY id FOR UPDATE;
UPDATE product SET stock = stock - v.quantity
FROM (VALUES (:a::bigint, 1), (:b::bigint, 2), (:c::bigint, 3)) AS v (id, quantity)
WHERE product.id = v.id AND stock >= v.quantity;
INSERT INTO orders (id, account_id, shop_id, state, total, currency, address, lat, lon, mode, idempotency_key,
    request_hash, placed_at, changed_at)
VALUES (gen_random_uuid(), '{customer}', :shop, 'placed', 5000, 'EUR', '12 Harbour Street', 52.3702, 4.8952, 'bike',
    gen_random_uuid()::text, md5('bench') || md5('bench'), now(), now())
RETURNING id AS order_id \gset
INSERT INTO order_line (order_id, product_id, name, price, quantity)
VALUES (:order_id, :a, 'Bench dish', 500, 1), (:order_id, :b, 'Bench dish', 500, 2), (:order_id, :c, 'Bench dish', 500, 3);
INSERT INTO order_event (order_id, shop_id, state, account_id, at) VALUES (:order_id, :shop, 'placed', '{customer}', now());
INSERT INTO audit (at, account_id, role, action, subject, detail, ip, request_id)
VALUES (now(), '{customer}', 'customer', 'place_order', :order_id, '{"total": 5000}', '127.0.0.1', gen_random_uuid()::text);
COMMIT;
