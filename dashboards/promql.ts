/** Checks PromQL without a Prometheus: its own grammar finds syntax errors, its editor's checker most type errors. */
import { ensureSyntaxTree, LRLanguage } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
// The package's ES module build has imports that Node cannot resolve; its CommonJS build works.
import { Parser } from "@prometheus-io/codemirror-promql/dist/cjs/parser/index.js";
import { parser } from "@prometheus-io/lezer-promql";

const language = LRLanguage.define({ parser });

/** Replaces Grafana's variables, which are not PromQL, like Grafana at a scrape interval of 5 s. */
export const withoutVariables = (expr: string): string =>
  expr.replaceAll("$__rate_interval", "1m").replaceAll("$__interval", "15s").replaceAll("$__range", "15m");

/** The errors in an expression; empty when there are none. Variables must have been replaced. */
export function problemsOf(expr: string): readonly string[] {
  const unparsed = EditorState.create({ doc: expr, extensions: language });
  // By default an editor parses for 20 ms only, which is too short on a busy machine.
  ensureSyntaxTree(unparsed, expr.length, Number.POSITIVE_INFINITY);
  const { state } = unparsed.update({});
  // It is one class with two declarations: in the types for ES modules and in those for CommonJS.
  const checker = new Parser(state as unknown as ConstructorParameters<typeof Parser>[0]);
  checker.analyze();
  return checker
    .getDiagnostics()
    .map(({ message, from, to }) => `${message || "not PromQL"} at "${expr.slice(from, to)}"`);
}

type SyntaxNode = ReturnType<typeof parser.parse>["topNode"];

export interface Matcher {
  readonly label: string;
  /** `=`, `!=`, `=~` or `!~`. */
  readonly op: string;
  readonly value: string;
}

export interface Selector {
  readonly series: string;
  readonly matchers: readonly Matcher[];
}

/** The selectors of an expression, in its order. One without a name is left out. */
export function selectorsIn(expr: string): readonly Selector[] {
  const found: Selector[] = [];
  parser.parse(expr).iterate({
    enter: ({ name, node }) => {
      const series = name === "VectorSelector" ? node.getChild("Identifier") : null;
      if (!series) return;
      const matchers = node.getChild("LabelMatchers")?.getChildren("UnquotedLabelMatcher") ?? [];
      const text = (of: SyntaxNode | null): string => (of ? expr.slice(of.from, of.to) : "");
      found.push({
        series: text(series),
        matchers: matchers.map((matcher) => ({
          label: text(matcher.getChild("LabelName")),
          op: text(matcher.getChild("MatchOp")),
          value: text(matcher.getChild("StringLiteral")).slice(1, -1),
        })),
      });
    },
  });
  return found;
}

/** The labels that an expression groups by or matches on, each once. */
export function groupedBy(expr: string): readonly string[] {
  const labels = new Set<string>();
  parser.parse(expr).iterate({
    enter: ({ name, from, to, node }) => {
      if (name === "LabelName" && node.parent?.name === "GroupingLabels") labels.add(expr.slice(from, to));
    },
  });
  return [...labels];
}

/** The names of the series that an expression selects, each once. */
export const seriesIn = (expr: string): readonly string[] => [
  ...new Set(selectorsIn(expr).map(({ series }) => series)),
];

const COMPARISONS = new Set(["Gtr", "Lss", "Gte", "Lte", "Eqlc", "Neq"]);

/**
 * The value that an alert compares: its expression without the comparison at its top. The comparison selects nothing as
 * long as all is well. An expression without one is returned unchanged.
 */
export function subjectOf(expr: string): string {
  const top = parser.parse(expr).topNode.firstChild;
  const operator = top?.name === "BinaryExpr" ? top.firstChild?.nextSibling : undefined;
  if (!top?.firstChild || !operator || !COMPARISONS.has(operator.name)) return expr;
  return expr.slice(top.firstChild.from, top.firstChild.to);
}
