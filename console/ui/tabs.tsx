/** Views of one page. Which one is shown stands in the address, so they are links. */
import { StateLink } from "./state-link.tsx";

type TabPath = "/plates" | "/alerts" | "/cameras" | "/users";
type Tab = { label: string; tab: string | undefined; count?: string | undefined };

export const Tabs = ({
  to,
  label,
  tabs,
  current,
}: {
  to: TabPath;
  label: string;
  tabs: readonly Tab[];
  current: string | undefined;
}) => (
  <nav className="tabs" aria-label={label}>
    {tabs.map(({ label: word, tab, count }) => (
      <StateLink
        key={word}
        to={to}
        search={(before) => ({ ...(before.city ? { city: before.city } : {}), ...(tab ? { tab } : {}) })}
        className="tab"
        current={tab === current ? "page" : undefined}
      >
        {word}
        {count === undefined ? null : <span className="count">{count}</span>}
      </StateLink>
    ))}
  </nav>
);
