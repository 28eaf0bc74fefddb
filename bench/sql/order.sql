\set shop random({first_shop}, {last_shop})
\set a :shop * 100 + random(1, {third})
\set b :shop * 100 + {third} + random(1, {third})
\set c :shop * 100 + {third} * 2 + random(1, {third})
BEGIN;
SELECT id, shop_id, name, price_cents, stock FROM product WHERE id IN (:a, :b, :c) AND shop_id = :shop ORDER BY id FOR UPDATE;
UPDATE product SET stock = stock - v.quantity FROM (VALUES (:a::bigint, 1::bigint), (:b, 2), (:c, 3)) AS v (id, quantity) WHERE product.id = v.id AND stock >= v.quantity;
INSERT INTO orders (id, user_id, shop_id, idempotency_key, status, total_cents, address, created_at)
VALUES (gen_random_uuid(), '{customer}', :shop, gen_random_uuid()::text, 'placed', 5000, '12 Harbour Street', now()) RETURNING id AS order_id \gset
INSERT INTO order_line (order_id, product_id, name, quantity, price_cents)
VALUES (:order_id, :a, 'Bench dish', 1, 500), (:order_id, :b, 'Bench dish', 2, 500), (:order_id, :c, 'Bench dish', 3, 500);
INSERT INTO order_event (order_id, kind, created_at) VALUES (:order_id, 'placed', now());
INSERT INTO audit (actor, action, subject, created_at) VALUES ('{customer}', 'order.placed', :order_id, now());
COMMIT;
