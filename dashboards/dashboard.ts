/**
 * What all dashboards have in common: a fixed uid, links to each other and to lens, variables for the data sources, the
 * last 15 minutes.
 */
import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  type Panel,
  RowBuilder,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { LENS, type Sources, variablesFor } from "./datasources.ts";

/** The tag by which the dashboards link to each other. */
const TAG = "baton";

export interface Section {
  readonly title: string;
  readonly panels: readonly Builder<Panel>[];
}

export interface DashboardText {
  /** The name of the file and, after `baton-`, the uid. Links contain it, so it must not change. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
}

export interface Rendered extends DashboardText {
  /** The dashboard, whose variables have these values until others are chosen. */
  readonly build: (sources: Sources) => Dashboard;
}

/** A dashboard of sections, each with its own row. */
export function dashboard(text: DashboardText, ...sections: readonly Section[]): Rendered {
  const builder = new DashboardBuilder(text.title)
    .uid(`baton-${text.name}`)
    .description(text.description)
    .tags([TAG])
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: "now-15m", to: "now" })
    .refresh("5s")
    .link(
      new DashboardLinkBuilder("Dashboards")
        .type(DashboardLinkType.Dashboards)
        .tags([TAG])
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true),
    )
    .link(
      new DashboardLinkBuilder("lens")
        .type(DashboardLinkType.Link)
        .url(LENS)
        .tooltip("Journeys, stitched over all of their traces")
        .targetBlank(true),
    );
  for (const { title, panels } of sections) {
    builder.withRow(new RowBuilder(title));
    for (const panel of panels) builder.withPanel(panel);
  }
  const built = builder.build();
  const json = JSON.stringify(built);
  return { ...text, build: (sources) => ({ ...built, templating: { list: variablesFor(json, sources) } }) };
}
