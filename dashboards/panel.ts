/** The kinds of panels on the dashboards. Each must have a title, a description and a unit. */
import * as common from "@grafana/grafana-foundation-sdk/common";
import { PanelBuilder as LogsPanel } from "@grafana/grafana-foundation-sdk/logs";
import { DataqueryBuilder as LokiQuery } from "@grafana/grafana-foundation-sdk/loki";
import { DataqueryBuilder as PromQuery } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatPanel } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TimeseriesPanel } from "@grafana/grafana-foundation-sdk/timeseries";
import { DATASOURCES } from "./datasources.ts";
import { tracesOf } from "./links.ts";
import { meaningsOf } from "./meanings.ts";

/** Grafana's grid is 24 wide: three panels a row by default. */
const WIDTH = 8;
const HEIGHT = 8;

export interface Query {
  /** PromQL. `$__rate_interval` is Grafana's: four scrapes at least, the panel's resolution at most. */
  readonly expr: string;
  /** Text with labels in double braces; when left out, all labels of the series. */
  readonly legend?: string;
  /** Shows the exemplars as points that lead to their traces. */
  readonly exemplars?: boolean;
}

export interface PanelText {
  readonly title: string;
  /**
   * What to make of it, for a reader who is new to it. What the metrics of the registry mean follows in its words.
   */
  readonly description: string;
  /** One of Grafana's, from the SDK's `units`. */
  readonly unit: string;
  readonly width?: number;
  /** Points lead to the traces of this service: a name, or `SERVICE`. */
  readonly traces?: string;
}

/** Lines over time. */
export function lines(text: PanelText, ...queries: readonly Query[]): TimeseriesPanel {
  const panel = new TimeseriesPanel()
    .lineWidth(1)
    .fillOpacity(8)
    .showPoints(common.VisibilityMode.Never)
    .min(0)
    .legend(
      new common.VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(common.LegendDisplayMode.Table)
        .placement(common.LegendPlacement.Bottom)
        .calcs(["lastNotNull", "max"]),
    )
    .tooltip(new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi));
  if (text.traces !== undefined) panel.dataLinks(tracesOf(text.traces));
  return withText(panel, text, queries).targets(queries.map(target));
}

/** One number, with its graph behind it. */
export function number(text: PanelText, expr: string): StatPanel {
  const panel = new StatPanel()
    .colorMode(common.BigValueColorMode.None)
    .graphMode(common.BigValueGraphMode.Area)
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(["lastNotNull"]));
  return withText(panel, { width: 6, ...text }, [{ expr }])
    .height(4)
    .targets([target({ expr }, 0)]);
}

/** Log lines, the newest first. `expr`: LogQL. */
export function logs(text: Omit<PanelText, "unit">, expr: string): LogsPanel {
  const query = new LokiQuery().expr(expr).queryType("range").refId("A").maxLines(200);
  return new LogsPanel()
    .title(text.title)
    .description(text.description)
    .datasource(DATASOURCES.loki)
    .span(text.width ?? 24)
    .height(HEIGHT)
    .showTime(true)
    .enableLogDetails(true)
    .wrapLogMessage(true)
    .sortOrder(common.LogsSortOrder.Descending)
    .targets([query.datasource(DATASOURCES.loki)]);
}

function withText<P extends TimeseriesPanel | StatPanel>(
  panel: P,
  text: PanelText,
  queries: readonly Query[],
): P {
  const meanings = meaningsOf(queries.map(({ expr }) => expr)).map((line) => `- ${line}`);
  panel
    .title(text.title)
    .description([text.description, ...(meanings.length > 0 ? [meanings.join("\n")] : [])].join("\n\n"))
    .unit(text.unit)
    .datasource(DATASOURCES.prometheus)
    .span(text.width ?? WIDTH)
    .height(HEIGHT);
  return panel;
}

function target({ expr, legend, exemplars }: Query, index: number): PromQuery {
  const query = new PromQuery()
    .refId(String.fromCharCode("A".charCodeAt(0) + index))
    .datasource(DATASOURCES.prometheus)
    .expr(expr)
    .range();
  if (legend !== undefined) query.legendFormat(legend);
  // Grafana asks for exemplars of every query unless told not to.
  return query.exemplar(exemplars ?? false);
}
