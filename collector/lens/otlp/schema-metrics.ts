/**
 * The messages of OTLP metrics as data.
 *
 * Source: opentelemetry-proto 1.9, https://github.com/open-telemetry/opentelemetry-proto
 */
import { choice, enumeration, type Field, type MetricMessage, many, one, scalar, scalars } from "./fields.ts";

const attributes = (number: number): Field => many(number, "attributes", "KeyValue");
const times = [scalar(2, "startTimeUnixNano", "fixed64"), scalar(3, "timeUnixNano", "fixed64")] as const;
const temporality = enumeration(2, "aggregationTemporality", "AggregationTemporality");

export const METRICS: Readonly<Record<MetricMessage, readonly Field[]>> = {
  ResourceMetrics: [
    one(1, "resource", "Resource"),
    many(2, "scopeMetrics", "ScopeMetrics"),
    scalar(3, "schemaUrl", "string"),
  ],
  ScopeMetrics: [
    one(1, "scope", "InstrumentationScope"),
    many(2, "metrics", "Metric"),
    scalar(3, "schemaUrl", "string"),
  ],
  Metric: [
    scalar(1, "name", "string"),
    scalar(2, "description", "string"),
    scalar(3, "unit", "string"),
    one(5, "gauge", "Gauge"),
    one(7, "sum", "Sum"),
    one(9, "histogram", "Histogram"),
    one(10, "exponentialHistogram", "ExponentialHistogram"),
    one(11, "summary", "Summary"),
    many(12, "metadata", "KeyValue"),
  ],
  Gauge: [many(1, "dataPoints", "NumberDataPoint")],
  Sum: [many(1, "dataPoints", "NumberDataPoint"), temporality, scalar(3, "isMonotonic", "bool")],
  Histogram: [many(1, "dataPoints", "HistogramDataPoint"), temporality],
  ExponentialHistogram: [many(1, "dataPoints", "ExponentialHistogramDataPoint"), temporality],
  Summary: [many(1, "dataPoints", "SummaryDataPoint")],
  NumberDataPoint: [
    attributes(7),
    ...times,
    choice(scalar(4, "asDouble", "double")),
    choice(scalar(6, "asInt", "sfixed64")),
    many(5, "exemplars", "Exemplar"),
    scalar(8, "flags", "uint32"),
  ],
  HistogramDataPoint: [
    attributes(9),
    ...times,
    scalar(4, "count", "fixed64"),
    choice(scalar(5, "sum", "double")),
    scalars(6, "bucketCounts", "fixed64"),
    scalars(7, "explicitBounds", "double"),
    many(8, "exemplars", "Exemplar"),
    scalar(10, "flags", "uint32"),
    choice(scalar(11, "min", "double")),
    choice(scalar(12, "max", "double")),
  ],
  ExponentialHistogramDataPoint: [
    attributes(1),
    ...times,
    scalar(4, "count", "fixed64"),
    choice(scalar(5, "sum", "double")),
    scalar(6, "scale", "sint32"),
    scalar(7, "zeroCount", "fixed64"),
    one(8, "positive", "Buckets"),
    one(9, "negative", "Buckets"),
    scalar(10, "flags", "uint32"),
    many(11, "exemplars", "Exemplar"),
    choice(scalar(12, "min", "double")),
    choice(scalar(13, "max", "double")),
    scalar(14, "zeroThreshold", "double"),
  ],
  Buckets: [scalar(1, "offset", "sint32"), scalars(2, "bucketCounts", "uint64")],
  SummaryDataPoint: [
    attributes(7),
    ...times,
    scalar(4, "count", "fixed64"),
    scalar(5, "sum", "double"),
    many(6, "quantileValues", "ValueAtQuantile"),
    scalar(8, "flags", "uint32"),
  ],
  ValueAtQuantile: [scalar(1, "quantile", "double"), scalar(2, "value", "double")],
  Exemplar: [
    many(7, "filteredAttributes", "KeyValue"),
    scalar(2, "timeUnixNano", "fixed64"),
    choice(scalar(3, "asDouble", "double")),
    choice(scalar(6, "asInt", "sfixed64")),
    scalar(4, "spanId", "hex"),
    scalar(5, "traceId", "hex"),
  ],
};
