import type { Alert } from "#functions/ai/contract.ts";
import { useMessages } from "#console/messages/language.tsx";
import { Mark, type MarkKind } from "#console/ui/mark.tsx";

export type Priority = Alert["priority"];
const marks: Record<Priority, MarkKind> = { critical: "critical", attention: "attention", info: "selection" };

export const PriorityMark = ({ priority }: { priority: Priority }) => {
  const m = useMessages();
  return <Mark kind={marks[priority]}>{m.alerts.priorities[priority]}</Mark>;
};
