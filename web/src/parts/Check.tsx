import { Checkbox } from "@base-ui/react/checkbox";
import { Check as Tick } from "lucide-react";

export function Check({
  label,
  checked,
  onChange,
}: {
  label: string;
  checked: boolean;
  onChange: (on: boolean) => void;
}) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the library's box is a control
    <label className="check">
      <Checkbox.Root checked={checked} onCheckedChange={on => onChange(on)} className="box">
        <Checkbox.Indicator>
          <Tick size={16} strokeWidth={3} aria-hidden />
        </Checkbox.Indicator>
      </Checkbox.Root>
      {label}
    </label>
  );
}
