import { MapPinOff } from "lucide-react";
import { ButtonLink } from "../parts/Button";
import { Page } from "../parts/Page";
import { Empty } from "../parts/States";
import { useTexts } from "../texts/texts";

export function NotFound() {
  const t = useTexts();
  return (
    <Page title={t.states.notFound}>
      <Empty
        icon={MapPinOff}
        title={t.states.notFoundMore}
        action={<ButtonLink to="/">{t.states.toStart}</ButtonLink>}
      />
    </Page>
  );
}
