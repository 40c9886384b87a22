import { Link } from "@tanstack/react-router";
import { useMessages } from "#console/messages/language.tsx";
import { Action } from "./parts.tsx";
import { Empty } from "./states.tsx";

export const NotFound = () => {
  const m = useMessages();
  return (
    <Empty title={m.common.notFound} hint={m.common.notFoundHint}>
      <Link to="/">{m.nav.wall}</Link>
    </Empty>
  );
};

export const Broken = () => {
  const m = useMessages();
  return (
    <Empty title={m.common.broken} hint={m.common.brokenHint}>
      <Action kind="primary" onPress={() => location.reload()}>
        {m.common.reload}
      </Action>
    </Empty>
  );
};
