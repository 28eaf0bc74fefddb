import "../order/order.css";
import "./board.css";
import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { ImageUp, PackageOpen, Pencil, Plus, Trash2 } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { answer, api, type MenuItem } from "../api/client";
import { queries } from "../api/queries";
import { useUser } from "../api/session";
import { itemsQuery, shopsQuery, useLiveStock } from "../order/catalog";
import { Tile } from "../order/Tile";
import { announce } from "../parts/announce";
import { Button } from "../parts/Button";
import { Confirm } from "../parts/Confirm";
import { Dialog } from "../parts/Dialog";
import { Page } from "../parts/Page";
import { Failed, Notice } from "../parts/Problem";
import { Bones, Empty } from "../parts/States";
import { useFormats, useTexts } from "../texts/texts";
import { ProductForm } from "./ProductForm";
import { ShopTabs } from "./ShopTabs";

export default function Stock() {
  const t = useTexts();
  const user = useUser();
  const shops = useQuery(shopsQuery()).data ?? [];
  const [chosen, choose] = useState<number>();
  // An admin may look after any shop, a manager after their own.
  const shop = user?.shop_id ?? chosen ?? shops[0]?.id;
  return (
    <Page title={t.board.stock} above={<ShopTabs />}>
      <div className="stack">
        {user?.role === "admin" && (
          <label className="field shop-choice">
            <span className="label">{t.admin.shop}</span>
            <select className="input" value={shop} onChange={event => choose(Number(event.target.value))}>
              {shops.map(one => (
                <option key={one.id} value={one.id}>
                  {one.name}
                </option>
              ))}
            </select>
          </label>
        )}
        {shop !== undefined && <Shelf key={shop} shop={shop} />}
      </div>
    </Page>
  );
}

const refreshed = () => queries.invalidateQueries({ queryKey: ["items"] });

function Shelf({ shop }: { shop: number }) {
  const t = useTexts();
  const [adding, setAdding] = useState(false);
  const items = useInfiniteQuery(itemsQuery({ shop, sort: "name" }));
  useLiveStock(shop);
  const { hasNextPage, isFetching, fetchNextPage } = items;
  // A shop's whole shelf is looked over at once.
  useEffect(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
  if (items.isPending) return <Bones count={6} height="5rem" />;
  if (items.isError) return <Failed error={items.error} again={() => void items.refetch()} />;
  const all = items.data.pages.flatMap(page => page.items);
  return (
    <>
      <Dialog
        title={t.board.addProduct}
        open={adding}
        setOpen={setAdding}
        trigger={
          <Button className="add-product">
            <Plus size={18} aria-hidden />
            {t.board.addProduct}
          </Button>
        }
      >
        <ProductForm
          currency={all[0]?.price.currency ?? "EUR"}
          save={values => answer(api.POST("/api/menu-items", { body: { shop_id: shop, ...values } }))}
          saved={() => {
            setAdding(false);
            announce(t.states.saved);
            void refreshed();
          }}
        />
      </Dialog>
      {all.length === 0 ? (
        <Empty icon={PackageOpen} title={t.board.noProducts} />
      ) : (
        <ul className="shelf card">
          {all.map(item => (
            <li key={item.id}>
              <Product item={item} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Product({ item }: { item: MenuItem }) {
  const t = useTexts();
  const f = useFormats();
  const [editing, setEditing] = useState(false);
  const retire = useMutation({
    mutationFn: () => answer(api.DELETE("/api/menu-items/{id}", { params: { path: { id: item.id } } })),
    onSuccess: () => {
      announce(t.board.retired(item.name));
      void refreshed();
    },
  });
  return (
    <div className="product">
      <Tile of={item.category} image={item.image} size={26} />
      <div className="about">
        <h2>{item.name}</h2>
        <p className="muted small">{item.category}</p>
        <Notice error={retire.error} />
      </div>
      <p className="price figures">{f.money(item.price)}</p>
      <p className="figures">
        <span className={`badge ${item.stock === 0 ? "bad" : item.stock <= 5 ? "warn" : ""}`}>
          {t.board.inStock}: {f.number(item.stock)}
        </span>
      </p>
      <div className="acts">
        <Dialog
          title={item.name}
          open={editing}
          setOpen={setEditing}
          trigger={
            <Button look="bare" className="icon" aria-label={t.board.editNamed(item.name)}>
              <Pencil size={18} aria-hidden />
            </Button>
          }
        >
          <ProductForm
            item={item}
            currency={item.price.currency}
            save={body =>
              answer(api.PATCH("/api/menu-items/{id}", { params: { path: { id: item.id } }, body }))
            }
            saved={() => {
              setEditing(false);
              announce(t.states.saved);
              void refreshed();
            }}
          />
        </Dialog>
        <Picture item={item} />
        <Confirm
          trigger={
            <Button
              look="bare"
              className="icon"
              aria-label={`${t.board.retire}: ${item.name}`}
              busy={retire.isPending}
            >
              <Trash2 size={18} aria-hidden />
            </Button>
          }
          title={t.board.retireSure(item.name)}
          more={t.board.retireMore}
          yes={t.board.retire}
          no={t.states.cancel}
          onYes={() => retire.mutate()}
        />
      </div>
    </div>
  );
}

function Picture({ item }: { item: MenuItem }) {
  const t = useTexts();
  const input = useRef<HTMLInputElement>(null);
  const put = useMutation({
    mutationFn: (file: File) =>
      answer(
        api.PUT("/api/menu-items/{id}/image", {
          params: { path: { id: item.id } },
          // The document knows a picture only as a string of bytes.
          body: file as unknown as string,
          bodySerializer: () => file,
          headers: { "Content-Type": file.type || "application/octet-stream" },
        }),
      ),
    onSuccess: () => {
      announce(t.board.pictureSet(item.name));
      void refreshed();
    },
  });
  return (
    <>
      <Button
        look="bare"
        className="icon"
        aria-label={t.board.setPictureNamed(item.name)}
        busy={put.isPending}
        onClick={() => input.current?.click()}
      >
        <ImageUp size={18} aria-hidden />
      </Button>
      <input
        ref={input}
        type="file"
        accept="image/png,image/jpeg,image/webp"
        hidden
        aria-label={t.board.setPictureNamed(item.name)}
        onChange={event => {
          const file = event.target.files?.[0];
          event.target.value = "";
          if (file) put.mutate(file);
        }}
      />
      <Notice error={put.error} />
    </>
  );
}
