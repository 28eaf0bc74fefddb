-- Shops and products of the bench's own, beside the demo city's.
INSERT INTO shop (id, name)
SELECT :first_shop + n, 'Bench ' || n FROM generate_series(0, :shops - 1) AS n;

INSERT INTO product (id, shop_id, name, description, category, price_cents, stock)
SELECT shop.id * 100 + n, shop.id, 'Bench dish ' || n, 'made for the bench', 'mains', 500 + n, 1000000000
FROM shop, generate_series(1, :products) AS n
WHERE shop.id >= :first_shop;
