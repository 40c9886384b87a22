/** In the top bar of every screen: how many alerts wait, the sound, and each new alert as it comes. */
import { useEffect, useRef, useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { BellRing, Volume2, VolumeOff, VolumeX } from "lucide-react";
import type { Alert } from "#functions/ai/contract.ts";
import { useLink } from "#console/live/link-context.tsx";
import { useMessages } from "#console/messages/language.tsx";
import { useAsk, useMay } from "#console/session/session-context.tsx";
import { useCity } from "#console/ui/city.tsx";
import { Action, IconAction } from "#console/ui/parts.tsx";
import { useStore } from "#console/ui/store.ts";
import { newAlertsQuery } from "./alerts-query.ts";
import type { Alarm } from "./alarm.ts";
import { createArrivals } from "./arrivals.ts";
import { createElsewhere } from "./elsewhere.ts";
import { useSound, type Sound } from "./sound.ts";
import { Toasts } from "./toasts.tsx";

export const AlertWatch = () => (useMay()("alerts.view") ? <Watch /> : null);

const Watch = () => {
  const m = useMessages();
  const ask = useAsk();
  const { city } = useCity();
  const sound = useSound();
  const waiting = useQuery(newAlertsQuery(ask, city.id));
  const elsewhere = useAlertsElsewhere(city.id, sound.alarm);
  const fresh = useArrivals(waiting.data?.items, city.id, sound.alarm);
  const items = waiting.data?.items ?? none;
  const criticals = [...items, ...elsewhere].filter(({ priority }) => priority === "critical").length;
  useEffect(() => sound.alarm.waiting(criticals), [sound.alarm, criticals]);
  useOfflineTone(sound.alarm);
  const count = items.length;
  useEffect(() => {
    document.title = count === 0 ? "GT-Vision" : `(${count}) GT-Vision`;
  }, [count]);
  const known = new Set(items.map(({ id }) => id));
  // What somebody has acknowledged meanwhile needs no toast any more.
  const news = [...fresh.filter(({ id }) => known.has(id)), ...elsewhere];
  return (
    <div className="alert-watch">
      <Link
        to="/alerts"
        className={`action action-quiet alert-count ${criticals > 0 ? "alert-count-critical" : ""}`}
        data-testid="alert-count"
        aria-label={m.alerts.count(count)}
      >
        <BellRing size={18} aria-hidden="true" />
        <span aria-hidden="true">{waiting.data?.next_cursor ? `${count}+` : count}</span>
      </Link>
      <SoundSwitch sound={sound} />
      <Toasts news={news} />
    </div>
  );
};
const none: readonly Alert[] = [];

const SoundSwitch = ({ sound }: { sound: Sound }) => {
  const m = useMessages();
  if (sound.state === "blocked") {
    return (
      <Action className="sound-blocked" onPress={() => sound.turn(true)} aria-label={m.alerts.blocked}>
        <VolumeX size={18} aria-hidden="true" />
        {m.alerts.unmute}
      </Action>
    );
  }
  const isOn = sound.state === "on";
  return (
    <IconAction label={isOn ? m.alerts.mute : m.alerts.unmute} onPress={() => sound.turn(!isOn)}>
      {isOn ? <Volume2 size={18} /> : <VolumeOff size={18} />}
    </IconAction>
  );
};

/** Those that came while this page was open, youngest first. */
const useArrivals = (items: readonly Alert[] | undefined, cidade_id: string, alarm: Alarm): readonly Alert[] => {
  const arrivals = useRef({ cidade_id, list: createArrivals() });
  const [fresh, setFresh] = useState<readonly Alert[]>(none);
  useEffect(() => {
    if (arrivals.current.cidade_id !== cidade_id) arrivals.current = { cidade_id, list: createArrivals() };
    if (items === undefined) return;
    const came = arrivals.current.list.of(items);
    if (came.length === 0) return;
    raise(alarm, came);
    setFresh((before) => [...came, ...before].slice(0, 50));
  }, [items, cidade_id, alarm]);
  return fresh;
};

/** Alerts of the user's other cities: they stay until somebody acknowledges them. */
const useAlertsElsewhere = (cidade_id: string, alarm: Alarm): readonly Alert[] => {
  const ask = useAsk();
  const link = useLink();
  const { cities } = useCity();
  const [alerts, setAlerts] = useState<readonly Alert[]>(none);
  const onNews = (came: readonly Alert[]): void => {
    raise(alarm, came);
    setAlerts((before) => [...came, ...before].slice(0, 50));
  };
  const now = useRef({ alerts, cities, onNews });
  useEffect(() => {
    now.current = { alerts, cities, onNews };
  });
  // One for as long as the page is open: it knows what was there before, whichever city is looked at.
  const [elsewhere] = useState(createElsewhere);
  useEffect(() => {
    const askElsewhere = (): void =>
      elsewhere.ask({
        cities: now.current.cities.map(({ id }) => id).filter((id) => id !== cidade_id),
        list: async (id) => (await ask("list-alerts", { cidade_id: id, status: "new", limit: 50 })).items,
        onNews: (came) => now.current.onNews(came),
      });
    askElsewhere();
    const drop = (id: string): void => setAlerts((before) => before.filter((alert) => alert.id !== id));
    return link.onNotification((notification) => {
      if (notification === null) {
        askElsewhere();
        // Somebody may have acknowledged them while we heard nothing.
        for (const { id } of now.current.alerts) {
          void ask("read-alert", { id }).then(
            ({ status }) => status === "new" || drop(id),
            () => undefined,
          );
        }
        return;
      }
      const id = notification.data["alert_id"];
      if (typeof id !== "string") return;
      if (notification.event === "alert.acknowledged") drop(id);
      else if (notification.event === "alert.triggered" && notification.cidade_id !== cidade_id) {
        ask("read-alert", { id }).then(
          (alert) => {
            elsewhere.seen(alert);
            now.current.onNews([alert]);
          },
          // It is asked for again with everything that may have been missed.
          () => undefined,
        );
      }
    });
  }, [link, ask, elsewhere, cidade_id]);
  return alerts.filter((alert) => alert.cidade_id !== cidade_id);
};

const raise = (alarm: Alarm, alerts: readonly Alert[]): void => {
  for (const { priority } of alerts) if (priority !== "info") alarm.raise(priority);
};

const OFFLINE_AFTER_MS = 5000;

/** A console that hears nothing must be heard itself: no alert can come. */
const useOfflineTone = (alarm: Alarm): void => {
  const { linked } = useStore(useLink().state);
  const wasLinked = useRef(false);
  useEffect(() => {
    if (linked) {
      wasLinked.current = true;
      return;
    }
    if (!wasLinked.current) return;
    const timer = setTimeout(() => alarm.raise("offline"), OFFLINE_AFTER_MS);
    return () => clearTimeout(timer);
  }, [linked, alarm]);
};
