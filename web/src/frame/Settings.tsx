import { SlidersHorizontal } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { IconButton } from "../parts/Button";
import { useTexts } from "../texts/texts";

const SettingsMenu = lazy(() => import("./SettingsMenu"));

/** Language and colours: the menu comes with the first press. */
export function Settings() {
  const t = useTexts();
  const [isAsked, ask] = useState(false);
  const button = (
    <IconButton label={t.frame.settings} aria-haspopup="menu" onClick={() => ask(true)}>
      <SlidersHorizontal size={20} aria-hidden />
    </IconButton>
  );
  return isAsked ? (
    <Suspense fallback={button}>
      <SettingsMenu />
    </Suspense>
  ) : (
    button
  );
}
