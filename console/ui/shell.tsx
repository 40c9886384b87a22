/** What stands around every screen: places, city, sound, and what is wrong with the connection. */
import { useEffect, useState, type ReactNode } from "react";
import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { BellRing, Camera, Film, Grid2x2, ListChecks, LogOut, ScanLine, Users } from "lucide-react";
import { AlertWatch } from "#console/alerts/alert-watch.tsx";
import { LinkProvider, useLink } from "#console/live/link-context.tsx";
import { useNow } from "#console/live/use-now.ts";
import { useLanguage, useMessages } from "#console/messages/language.tsx";
import { useMay, useSession } from "#console/session/session-context.tsx";
import { SignInPage } from "#console/session/sign-in-page.tsx";
import { CityProvider, useCity } from "./city.tsx";
import { clockText } from "./format.ts";
import { Action, IconAction, Pick } from "./parts.tsx";
import { useStore } from "./store.ts";
import { ThemeChoice } from "./theme.tsx";

/** Nothing of the system is drawn, and nothing asked, before somebody is signed in. */
export const Shell = () => {
  const m = useMessages();
  const state = useStore(useSession().store.state);
  if (state.kind === "out") return <SignInPage reason={state.reason} />;
  if (state.kind !== "in") {
    return (
      <main className="gate" role="status">
        <p>{state.kind === "unknown" ? m.session.checking : m.session.unreachable}</p>
      </main>
    );
  }
  return (
    <LinkProvider key={state.session.user.id}>
      <CityProvider>
        <Frame name={state.session.user.nome} />
      </CityProvider>
    </LinkProvider>
  );
};

const Frame = ({ name }: { name: string }) => {
  const m = useMessages();
  const path = useRouterState({ select: ({ location }) => location.pathname });
  return (
    <div className="shell">
      <a className="skip" href="#content">
        {m.nav.skip}
      </a>
      <Places />
      <TopBar name={name} />
      <main id="content" tabIndex={-1} key={path.split("/")[1]}>
        <LinkBanner />
        <Outlet />
      </main>
    </div>
  );
};

const Places = () => {
  const m = useMessages();
  const may = useMay();
  return (
    <nav className="places" aria-label={m.nav.main}>
      <img src="/icon.svg" alt="GT-Vision" width={28} height={28} />
      <Place to="/" icon={<Grid2x2 size={20} />} label={m.nav.wall} isOpen={may("live.view")} />
      <Place to="/plates" icon={<ScanLine size={20} />} label={m.nav.plates} isOpen={may("plates.view")} />
      <Place to="/alerts" icon={<BellRing size={20} />} label={m.nav.alerts} isOpen={may("alerts.view")} />
      <Place
        to="/watchlists"
        icon={<ListChecks size={20} />}
        label={m.nav.watchlists}
        isOpen={may("watchlists.manage")}
      />
      <Place to="/clips" icon={<Film size={20} />} label={m.nav.clips} isOpen={may("recordings.view")} />
      <Place to="/cameras" icon={<Camera size={20} />} label={m.nav.cameras} isOpen={may("cameras.view")} />
      <Place to="/users" icon={<Users size={20} />} label={m.nav.users} isOpen={may("users.manage")} />
    </nav>
  );
};

type PlacePath = "/" | "/plates" | "/alerts" | "/watchlists" | "/clips" | "/cameras" | "/users";
const Place = ({ to, icon, label, isOpen }: { to: PlacePath; icon: ReactNode; label: string; isOpen: boolean }) =>
  isOpen ? (
    <Link
      to={to}
      className="place"
      activeOptions={{ exact: to === "/", includeSearch: false }}
      activeProps={{ "aria-current": "page" }}
    >
      {icon}
      <span>{label}</span>
    </Link>
  ) : null;

const TopBar = ({ name }: { name: string }) => {
  const { m, language, choose } = useLanguage();
  const { signOut } = useSession();
  const { city, cities, choose: chooseCity } = useCity();
  return (
    <header className="top">
      {cities.length > 1 ? (
        <Pick
          label={m.nav.city}
          hideLabel
          value={city.id}
          options={cities.map(({ id, nome, estado }) => ({ value: id, label: `${nome} · ${estado}` }))}
          onChange={chooseCity}
        />
      ) : (
        <strong>
          {city.nome} · {city.estado}
        </strong>
      )}
      <CityClock />
      <AlertWatch />
      <Action
        kind="quiet"
        onPress={() => choose(language === "en" ? "pt-BR" : "en")}
        aria-label={`${m.language.label}: ${m.language.other}`}
      >
        {m.language.other}
      </Action>
      <ThemeChoice />
      <span className="dim user">{name}</span>
      <IconAction label={m.nav.signOut} onPress={() => void signOut()}>
        <LogOut size={18} />
      </IconAction>
    </header>
  );
};

/** The server's time in the city: what the times on the screen mean. */
const CityClock = () => {
  const m = useMessages();
  const { city } = useCity();
  const now = useNow();
  return (
    <span className="city-clock mono" title={m.timeline.zone(city.fuso_horario)}>
      {now === null ? "--:--:--" : clockText(m.locale, city.fuso_horario, now)}
    </span>
  );
};

const LOST_AFTER_MS = 2000;

const LinkBanner = () => {
  const m = useMessages();
  const link = useLink();
  const { linked, since, skew_ms } = useStore(link.state);
  const [looked, setLooked] = useState(0);
  useEffect(() => {
    if (linked) return;
    const timer = setInterval(() => setLooked(performance.now()), 1000);
    return () => clearInterval(timer);
  }, [linked]);
  const lost = looked - since;
  if (!linked && lost > LOST_AFTER_MS) {
    const words = (ms: number): string =>
      link.now() === null ? m.link.connecting : m.link.lost(Math.floor(ms / 1000));
    return (
      <div className="banner banner-critical" data-testid="link-lost">
        {/* Said once: the seconds that count up would be read aloud each time. */}
        <span aria-hidden="true">{words(lost)}</span>
        <p className="hidden-label" role="alert">
          {words(LOST_AFTER_MS)}
        </p>
      </div>
    );
  }
  if (skew_ms !== null && Math.abs(skew_ms) >= 3000) {
    return <p className="banner">{m.link.skew(Math.round(skew_ms / 1000))}</p>;
  }
  return null;
};
