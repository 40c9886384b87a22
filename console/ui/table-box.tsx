import type { ReactNode } from "react";
import { useMessages } from "#console/messages/language.tsx";

/** Wider than a small screen: it scrolls by itself, also for who has no mouse. */
export const TableBox = ({ label, children }: { label: string; children: ReactNode }) => {
  const m = useMessages();
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls has to be reached
    <div className="table-box" tabIndex={0} role="region" aria-label={m.common.table(label)}>
      <table className="table">{children}</table>
    </div>
  );
};
