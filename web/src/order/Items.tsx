import { useInfiniteQuery } from "@tanstack/react-query";
import { Plus, SearchX } from "lucide-react";
import type { MenuItem } from "../api/client";
import { announce } from "../parts/announce";
import { Button } from "../parts/Button";
import { Failed, Notice } from "../parts/Problem";
import { Quantity } from "../parts/Quantity";
import { Bones, Empty } from "../parts/States";
import { useFormats, useTexts } from "../texts/texts";
import { useCart, useQuantity } from "./cart";
import { itemsQuery, useLiveStock, type Wanted } from "./catalog";
import { Tile } from "./Tile";

const FEW = 5;

interface Shelf {
  wanted: Wanted;
  /** The shop's name, where several shops' things stand together. */
  shopName?: (id: number) => string | undefined;
  clear?: () => void;
}

/** What fits, with live stock, to be put into the cart from where it stands. */
export function Items({ wanted, shopName, clear }: Shelf) {
  const t = useTexts();
  const items = useInfiniteQuery(itemsQuery(wanted));
  useLiveStock(wanted.shop);
  if (items.isPending) return <Bones className="items" count={9} height="8.5rem" />;
  if (items.isError) return <Failed error={items.error} again={() => void items.refetch()} />;
  const all = items.data.pages.flatMap(page => page.items);
  if (all.length === 0) {
    const action = clear && (
      <Button look="quiet" onClick={clear}>
        {t.catalog.clear}
      </Button>
    );
    return (
      <Empty icon={SearchX} title={t.catalog.nothing} action={action}>
        {t.catalog.nothingMore}
      </Empty>
    );
  }
  return (
    <section className="stack" aria-label={t.catalog.shelf}>
      <h2 className="hidden-text">{t.catalog.shelf}</h2>
      <ul className="items">
        {all.map(item => (
          <li key={item.id}>
            <Item item={item} from={shopName?.(item.shop_id)} />
          </li>
        ))}
      </ul>
      {items.hasNextPage && (
        <Button
          look="quiet"
          className="more"
          busy={items.isFetchingNextPage}
          onClick={() => void items.fetchNextPage()}
        >
          {t.states.more}
        </Button>
      )}
    </section>
  );
}

function Item({ item, from }: { item: MenuItem; from: string | undefined }) {
  const t = useTexts();
  const f = useFormats();
  return (
    <article className="item card" data-gone={item.stock === 0 || undefined}>
      <div className="about">
        <h3>{item.name}</h3>
        <p className="muted">{item.description}</p>
        {from && <p className="muted small">{t.catalog.from(from)}</p>}
        <p className="facts">
          <span className="price figures">{f.money(item.price)}</span>
          {item.stock === 0 && <span className="badge">{t.catalog.soldOut}</span>}
          {item.stock > 0 && item.stock <= FEW && (
            <span className="badge warn">{t.catalog.left(item.stock)}</span>
          )}
        </p>
      </div>
      <div className="side">
        <Tile of={item.category} image={item.image} />
        <Add item={item} />
      </div>
    </article>
  );
}

function Add({ item }: { item: MenuItem }) {
  const t = useTexts();
  const inCart = useCart().data?.lines.find(line => line.item.id === item.id)?.quantity ?? 0;
  const set = useQuantity();
  const change = (quantity: number) => {
    const said = quantity === 0 ? t.cart.removed(item.name) : t.catalog.added(item.name);
    set.mutate({ product: item.id, quantity }, { onSuccess: () => announce(said) });
  };
  return (
    <>
      {inCart > 0 ? (
        <Quantity
          name={item.name}
          value={inCart}
          most={Math.max(item.stock, inCart)}
          takesFocus={!set.isIdle}
          onChange={change}
        />
      ) : (
        <Button
          className="add"
          size="compact"
          aria-label={t.catalog.addNamed(item.name)}
          disabled={item.stock === 0}
          busy={set.isPending}
          onClick={() => change(1)}
        >
          <Plus size={18} aria-hidden />
          {t.catalog.add}
        </Button>
      )}
      <Notice error={set.error} />
    </>
  );
}
