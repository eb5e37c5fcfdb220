/** PromQL checked without a Prometheus: its own grammar finds syntax errors, its editor's checker most type errors. */
import { ensureSyntaxTree, LRLanguage } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
// The package's ES module build has imports that Node cannot resolve; its CommonJS build is sound.
import { Parser } from "@prometheus-io/codemirror-promql/dist/cjs/parser/index.js";
import { parser } from "@prometheus-io/lezer-promql";

const language = LRLanguage.define({ parser });

/** Replaces Grafana's variables, which are no PromQL, as Grafana does at a scrape interval of 5 s. */
export const withoutVariables = (expr: string): string =>
  expr.replaceAll("$__rate_interval", "1m").replaceAll("$__interval", "15s").replaceAll("$__range", "15m");

/** What is wrong with an expression; empty when nothing is. Variables must have been replaced. */
export function problemsOf(expr: string): readonly string[] {
  const unparsed = EditorState.create({ doc: expr, extensions: language });
  // An editor parses for 20 ms and shows what it has by then, which on a busy machine is not all.
  ensureSyntaxTree(unparsed, expr.length, Number.POSITIVE_INFINITY);
  const { state } = unparsed.update({});
  // One class, declared twice: by the types for ES modules and by those for CommonJS.
  const checker = new Parser(state as unknown as ConstructorParameters<typeof Parser>[0]);
  checker.analyze();
  return checker
    .getDiagnostics()
    .map(({ message, from, to }) => `${message || "not PromQL"} at "${expr.slice(from, to)}"`);
}

/** The names of the series that an expression selects, each once. */
export function seriesIn(expr: string): readonly string[] {
  const names = new Set<string>();
  parser.parse(expr).iterate({
    enter: ({ name, from, to, node }) => {
      if (name === "Identifier" && node.parent?.name === "VectorSelector") names.add(expr.slice(from, to));
    },
  });
  return [...names];
}

const COMPARISONS = new Set(["Gtr", "Lss", "Gte", "Lte", "Eqlc", "Neq"]);

/**
 * What an alert looks at: its expression without the comparison at its top, which is there to select nothing as long
 * as all is well. An expression without one is answered as it is.
 */
export function subjectOf(expr: string): string {
  const top = parser.parse(expr).topNode.firstChild;
  const operator = top?.name === "BinaryExpr" ? top.firstChild?.nextSibling : undefined;
  if (!top?.firstChild || !operator || !COMPARISONS.has(operator.name)) return expr;
  return expr.slice(top.firstChild.from, top.firstChild.to);
}
