import type { ReactNode } from "react";
import type { Permission } from "#lib/function/permissions.ts";
import { useMessages } from "#console/messages/language.tsx";
import { useMay } from "#console/session/session-context.tsx";
import { Empty } from "./states.tsx";

/** Who typed the address of a page that the menu does not show. */
export const Allowed = ({ permission, children }: { permission: Permission; children: ReactNode }) => {
  const m = useMessages();
  return useMay()(permission) ? children : <Empty title={m.common.noPermission} hint={m.common.noPermissionHint} />;
};
