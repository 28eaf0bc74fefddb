import { Dialog as Base } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import type { ReactElement, ReactNode } from "react";
import { useTexts } from "../texts/texts";

interface Opened {
  trigger: ReactElement;
  title: string;
  open: boolean;
  setOpen: (open: boolean) => void;
  children: ReactNode;
}

/** A sheet above the page, for one thing to do. */
export function Dialog({ trigger, title, open, setOpen, children }: Opened) {
  const t = useTexts();
  return (
    <Base.Root open={open} onOpenChange={next => setOpen(next)}>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Backdrop className="backdrop" />
        <Base.Popup className="dialog">
          <div className="spread">
            <Base.Title render={<h2>{title}</h2>} />
            <Base.Close className="button bare icon" aria-label={t.frame.close}>
              <X size={20} aria-hidden />
            </Base.Close>
          </div>
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
