/**
 * What Grafana makes of a dashboard when it opens it: which data source each query goes to, and where links lead.
 * Grafana itself is not available as a package, so this follows what its documentation and its library of scenes
 * (@grafana/scenes 8.19) say: a variable keeps its value when a data source of its type has that uid, else it takes the
 * first of its type; `${name}` stands for the value in the uid of a data source and in a link.
 */
import type { RenderedDashboard } from "./queries.ts";

/** A data source that a Grafana has. */
export interface Held {
  readonly type: string;
  readonly uid: string;
}

export interface Asked {
  readonly panel: string;
  readonly expr: string;
  readonly type: string;
  /** Empty when the Grafana has no data source of the type. */
  readonly uid: string;
}

export interface Opened {
  readonly queries: readonly Asked[];
  /** Of the dashboard and of its panels. Grafana's own variables, such as `${__from}`, stay. */
  readonly links: readonly string[];
}

/** Opens a dashboard. `held`: sorted by name, as Grafana lists them. `chosen`: what someone has chosen at the top. */
export function openIn(
  held: readonly Held[],
  { templating, panels, links }: RenderedDashboard,
  chosen: Readonly<Record<string, string>> = {},
): Opened {
  const values = new Map(
    templating.list.map(({ type, name, query, current }) => {
      const wanted = chosen[name] ?? current.value;
      if (type === "textbox") return [name, wanted];
      const ofType = held.filter((one) => one.type === query);
      return [name, (ofType.find(({ uid }) => uid === wanted) ?? ofType[0])?.uid ?? ""];
    }),
  );
  const filled = (text: string): string =>
    text.replaceAll(/\$\{(\w+)\}/g, (whole, name: string) => values.get(name) ?? whole);
  return {
    queries: panels.flatMap((panel) =>
      (panel.targets ?? []).map(({ expr, datasource }) => ({
        panel: panel.title,
        expr,
        type: datasource.type,
        uid: filled(datasource.uid),
      })),
    ),
    links: [...links, ...panels.flatMap((panel) => panel.fieldConfig?.defaults.links ?? [])].flatMap(
      ({ url }) => (url === undefined ? [] : [filled(url)]),
    ),
  };
}
