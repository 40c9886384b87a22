import { Link } from "@tanstack/react-router";
import { useMessages } from "#console/messages/language.tsx";
import { Action } from "./parts.tsx";

export const NotFound = () => {
  const m = useMessages();
  return (
    <main className="gate">
      <h1>{m.common.notFound}</h1>
      <p className="dim">{m.common.notFoundHint}</p>
      <Link to="/">{m.nav.wall}</Link>
    </main>
  );
};

/** Also what is seen when a newer version has taken the place of the files that this page would load: reloading helps. */
export const Broken = () => {
  const m = useMessages();
  return (
    <main className="gate">
      <h1>{m.common.broken}</h1>
      <p className="dim">{m.common.brokenHint}</p>
      <Action kind="primary" onPress={() => location.reload()}>
        {m.common.reload}
      </Action>
    </main>
  );
};
