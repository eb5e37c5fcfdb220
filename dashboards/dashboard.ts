/** What all dashboards have in common: a fixed uid, links to each other and to lens, the last 15 minutes. */
import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import {
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  type Panel,
  RowBuilder,
} from "@grafana/grafana-foundation-sdk/dashboard";

/** The tag by which the dashboards link to each other. */
const TAG = "baton";

/** lens' page, for the browser. Grafana expands no variable here: for another port, edit the link. */
const LENS = "http://127.0.0.1:4000";

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
  readonly builder: DashboardBuilder;
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
  return { ...text, builder };
}
