/** What is shown once: selected by one click, copied by one button. */
import { useState } from "react";
import { Copy } from "lucide-react";
import { useMessages } from "#console/messages/language.tsx";
import { Action } from "./parts.tsx";

export const Secret = ({ label, value }: { label: string; value: string }) => {
  const m = useMessages();
  const [isCopied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(value);
    setCopied(true);
  };
  return (
    <div className="secret" role="group" aria-label={label}>
      <code data-testid="secret">{value}</code>
      {/* Without a secure context the browser has no clipboard for us; one click on the text selects it all. */}
      {window.isSecureContext ? (
        <Action onPress={() => void copy()}>
          <Copy size={16} aria-hidden="true" />
          <span aria-live="polite">{isCopied ? m.common.copied : m.common.copy}</span>
        </Action>
      ) : null}
    </div>
  );
};
