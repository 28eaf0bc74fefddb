-- Shops and products of the bench's own, beside the demo city's: always open, and their stock never runs out.
INSERT INTO shop (id, name, kind, description, address, lat, lon, hours, currency)
SELECT :first_shop + n, 'Bench ' || n, 'kitchen', '', '', 52.37, 4.9,
    (SELECT jsonb_agg(jsonb_build_object('day', day, 'from', '00:00', 'to', '24:00')) FROM generate_series(1, 7) AS day), 'EUR'
FROM generate_series(0, :shops - 1) AS n;

INSERT INTO product (id, shop_id, name, description, category, price, currency, stock, search, created_at, changed_at)
SELECT shop.id * 100 + n, shop.id, 'Bench dish ' || n, '', 'mains', 500 + n, 'EUR', 1000000000, 'bench', now(), now()
FROM shop, generate_series(1, :products) AS n
WHERE shop.id >= :first_shop;
