import { CloudAlert } from "lucide-react";
import { Component, type ReactNode } from "react";
import { useTexts } from "../texts/texts";
import { Button } from "./Button";
import { Empty } from "./States";

/** A mistake of ours takes one page down and not the others; a part that a new release took away is loaded again. */
export class Crashed extends Component<{ children: ReactNode }, { error?: unknown }> {
  override state: { error?: unknown } = {};

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    return this.state.error === undefined ? this.props.children : <Sorry />;
  }
}

function Sorry() {
  const t = useTexts();
  return (
    <main className="page" role="alert">
      <Empty
        icon={CloudAlert}
        title={t.states.crashed}
        action={<Button onClick={() => window.location.reload()}>{t.states.reload}</Button>}
      />
    </main>
  );
}
