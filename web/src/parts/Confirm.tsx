import { AlertDialog } from "@base-ui/react/alert-dialog";
import type { ReactElement } from "react";

interface Asked {
  /** What opens it: a button. */
  trigger: ReactElement;
  title: string;
  more: string;
  yes: string;
  no: string;
  onYes: () => void;
}

/** Asks before what can't be taken back. */
export function Confirm({ trigger, title, more, yes, no, onYes }: Asked) {
  return (
    <AlertDialog.Root>
      <AlertDialog.Trigger render={trigger} />
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="backdrop" />
        <AlertDialog.Popup className="dialog">
          <AlertDialog.Title render={<h2>{title}</h2>} />
          <AlertDialog.Description className="muted">{more}</AlertDialog.Description>
          <div className="row">
            <AlertDialog.Close className="button quiet">{no}</AlertDialog.Close>
            <AlertDialog.Close className="button danger" onClick={onYes}>
              {yes}
            </AlertDialog.Close>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
