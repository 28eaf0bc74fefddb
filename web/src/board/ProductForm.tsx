import { useMutation } from "@tanstack/react-query";
import { useForm } from "../account/form";
import type { MenuItem } from "../api/client";
import { Button } from "../parts/Button";
import { Field } from "../parts/Field";
import { Notice } from "../parts/Problem";
import { useFormats, useLanguage, useTexts } from "../texts/texts";
import { minorUnits, typed, wholeNumber } from "./money";

interface Values {
  name: string;
  description: string;
  category: string;
  price: number;
  stock: number;
}

interface Shown {
  item?: MenuItem;
  currency: string;
  save: (values: Values) => Promise<unknown>;
  saved: () => void;
}

/** Something that a shop sells: new, or changed. */
export function ProductForm({ item, currency, save, saved }: Shown) {
  const t = useTexts();
  const { language } = useLanguage();
  const digits = useFormats().digits(currency);
  const saving = useMutation({ mutationFn: save, onSuccess: saved });
  const start = {
    name: item?.name ?? "",
    category: item?.category ?? "",
    description: item?.description ?? "",
    price: item ? typed(item.price.amount, digits, language) : "",
    stock: item ? String(item.stock) : "",
  };
  const { form, field, sending } = useForm(start, values => ({
    ...(values.name.trim() ? {} : { name: t.account.missing }),
    ...(values.category.trim() ? {} : { category: t.account.missing }),
    ...(minorUnits(values.price, digits) === undefined ? { price: t.board.badPrice } : {}),
    ...(wholeNumber(values.stock) === undefined ? { stock: t.board.badStock } : {}),
  }));
  const send = sending(values =>
    saving.mutate({
      name: values.name.trim(),
      category: values.category.trim(),
      description: values.description,
      price: minorUnits(values.price, digits) ?? 0,
      stock: wholeNumber(values.stock) ?? 0,
    }),
  );
  return (
    <form ref={form} className="stack" noValidate onSubmit={send}>
      <Notice error={saving.error} />
      <Field {...field("name")} label={t.board.productName} maxLength={100} required />
      <div className="pair">
        <Field {...field("price")} label={`${t.board.price} (${currency})`} inputMode="decimal" required />
        <Field {...field("stock")} label={t.board.inStock} inputMode="numeric" required />
      </div>
      <Field {...field("category")} label={t.catalog.category} maxLength={60} required />
      <Field {...field("description")} label={t.board.description} maxLength={2000} multiline optional />
      <Button type="submit" busy={saving.isPending}>
        {t.board.save}
      </Button>
    </form>
  );
}
