import { Menu } from "@base-ui/react/menu";
import { Check, SlidersHorizontal } from "lucide-react";
import { LANGUAGES, useLanguage, useTexts } from "../texts/texts";
import { COLOURS, useColours } from "./colours";

const NAMES = { en: "English", de: "Deutsch" };

/** Language and colours; open from the start, as it comes when somebody has pressed for it. */
export default function SettingsMenu() {
  const t = useTexts();
  const { language, speak } = useLanguage();
  const { colours, choose } = useColours();
  return (
    <Menu.Root defaultOpen>
      <Menu.Trigger className="button bare icon" aria-label={t.frame.settings}>
        <SlidersHorizontal size={20} aria-hidden />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner sideOffset={8} align="end" className="over">
          <Menu.Popup className="menu">
            <Choice
              label={t.frame.languageLabel}
              value={language}
              of={LANGUAGES}
              names={NAMES}
              choose={speak}
            />
            <Menu.Separator className="rule" />
            <Choice label={t.frame.colours} value={colours} of={COLOURS} names={t.frame} choose={choose} />
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

interface Choices<V extends string> {
  label: string;
  value: V;
  of: readonly V[];
  names: Record<V, string>;
  choose: (value: V) => void;
}

function Choice<V extends string>({ label, value, of, names, choose }: Choices<V>) {
  return (
    <Menu.RadioGroup value={value} onValueChange={choose}>
      <Menu.GroupLabel className="label">{label}</Menu.GroupLabel>
      {of.map(one => (
        <Menu.RadioItem key={one} value={one} className="item" closeOnClick>
          <span className="tick">
            <Menu.RadioItemIndicator>
              <Check size={16} aria-hidden />
            </Menu.RadioItemIndicator>
          </span>
          {names[one]}
        </Menu.RadioItem>
      ))}
    </Menu.RadioGroup>
  );
}
