/** The four states that have a colour, each with its own shape, beside its word. A normal state has neither. */
import type { ReactNode } from "react";
import { Circle, Diamond, TriangleAlert, X } from "lucide-react";

export type MarkKind = "critical" | "attention" | "selection" | "lost" | "normal";
const shapes = { critical: TriangleAlert, attention: Diamond, selection: Circle, lost: X, normal: null };

export const Mark = ({ kind, children }: { kind: MarkKind; children: ReactNode }) => {
  const Shape = shapes[kind];
  return (
    <span className={`mark mark-${kind}`}>
      {Shape ? <Shape size={14} aria-hidden="true" /> : null}
      <span>{children}</span>
    </span>
  );
};
