import { Autocomplete } from "@base-ui/react/autocomplete";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { CircleAlert, MapPin } from "lucide-react";
import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import { type Place, placesQuery, type Suggestion } from "../api/place";
import { useTexts } from "../texts/texts";
import { useSettled } from "./useSettled";

interface Asked {
  label: string;
  name: string;
  text: string;
  /** Results near here come first. */
  near?: Place | undefined;
  error?: string | undefined;
  /** It takes the place of an input that had the focus. */
  takesFocus?: boolean;
  /** Beside the input: a button. */
  beside?: ReactNode;
  onText: (text: string) => void;
  onPick: (place: Place) => void;
}

/** An address, typed and then chosen from what the city has. */
export function AddressField({
  label,
  name,
  text,
  near,
  error,
  takesFocus = false,
  beside,
  onText,
  onPick,
}: Asked) {
  const t = useTexts();
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    // Whoever has gone on meanwhile is not called back.
    if (takesFocus && document.activeElement === document.body) input.current?.focus();
  }, [takesFocus]);
  const [isTyped, setTyped] = useState(false);
  const words = useSettled(text.trim());
  const found = useQuery({
    ...placesQuery(words, near),
    enabled: isTyped && words.length > 1,
    placeholderData: keepPreviousData,
  });
  const items = isTyped && words ? (found.data ?? []) : [];
  const status =
    !isTyped || words.length < 2 ? "" : found.isFetching ? t.states.loading : t.order.found(items.length);

  return (
    <div className="field address">
      <label htmlFor={id}>{label}</label>
      <Autocomplete.Root
        items={items}
        value={text}
        filter={null}
        autoHighlight
        itemToStringValue={(item: Suggestion) => item.text}
        onValueChange={(next, { reason }) => {
          if (reason === "item-press") {
            const picked = items.find(item => item.text === next);
            if (picked) onPick(picked);
            setTyped(false);
          } else {
            setTyped(true);
            onText(next);
          }
        }}
      >
        <div className="with-button">
          <Autocomplete.Input
            ref={input}
            id={id}
            name={name}
            className="input"
            maxLength={200}
            placeholder={t.order.wherePlaceholder}
            autoComplete="off"
            aria-invalid={error !== undefined}
            aria-describedby={error === undefined ? undefined : `${id}-error`}
          />
          {beside}
        </div>
        <Autocomplete.Portal>
          <Autocomplete.Positioner className="over" sideOffset={6} align="start">
            <Autocomplete.Popup className="menu addresses">
              <Autocomplete.Status className="hidden-text">{status}</Autocomplete.Status>
              <Autocomplete.Empty className="none">
                {words.length > 1 && !found.isFetching && isTyped ? t.order.noAddress : ""}
              </Autocomplete.Empty>
              <Autocomplete.List>
                {(item: Suggestion) => (
                  <Autocomplete.Item
                    key={`${item.lat},${item.lon},${item.text}`}
                    value={item}
                    className="item"
                  >
                    <MapPin size={18} aria-hidden />
                    <span>
                      {item.text}
                      <span className="muted small">{item.more}</span>
                    </span>
                  </Autocomplete.Item>
                )}
              </Autocomplete.List>
            </Autocomplete.Popup>
          </Autocomplete.Positioner>
        </Autocomplete.Portal>
      </Autocomplete.Root>
      {error !== undefined && (
        <p className="error" id={`${id}-error`}>
          <CircleAlert size={16} aria-hidden />
          {error}
        </p>
      )}
    </div>
  );
}
