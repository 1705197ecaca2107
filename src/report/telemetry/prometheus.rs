//! Writes the metrics in the text format of Prometheus, version 0.0.4.

use prometheus::TextEncoder;
use prometheus::proto::{
    Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType,
};

use super::{Family, Labels, Values};
use crate::measure::meter::Buckets;

/// What the text is, as an HTTP header says it.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The metrics as text.
pub fn text(families: &[Family]) -> String {
    let families: Vec<MetricFamily> = families.iter().map(family).collect();
    let text = TextEncoder::new().encode_to_string(&families);
    text.expect("families have names and values")
}

fn family(of: &Family) -> MetricFamily {
    let mut family = MetricFamily::default();
    family.set_name(of.name.into());
    family.set_help(of.help.into());
    let (kind, metrics) = match &of.values {
        Values::Counters(values) => {
            let metrics = values.iter().map(|(labels, count)| {
                let mut counter = Counter::default();
                counter.set_value(*count as f64);
                let mut metric = labelled(labels);
                metric.set_counter(counter);
                metric
            });
            (MetricType::COUNTER, metrics.collect())
        }
        Values::Gauges(values) => {
            let metrics = values.iter().map(|(labels, value)| {
                let mut gauge = Gauge::default();
                gauge.set_value(*value);
                let mut metric = labelled(labels);
                metric.set_gauge(gauge);
                metric
            });
            (MetricType::GAUGE, metrics.collect())
        }
        Values::Histogram(buckets) => {
            let mut metric = Metric::default();
            metric.set_histogram(histogram(buckets));
            (MetricType::HISTOGRAM, vec![metric])
        }
    };
    family.set_field_type(kind);
    family.set_metric(metrics);
    family
}

fn labelled(labels: &Labels) -> Metric {
    let pairs = labels.iter().map(|(name, value)| {
        let mut pair = LabelPair::default();
        pair.set_name((*name).into());
        pair.set_value(value.clone());
        pair
    });
    Metric::from_label(pairs.collect())
}

/// Counts at or below each bound.
fn histogram(buckets: &Buckets) -> Histogram {
    let mut so_far = 0;
    let counts = buckets.bounds().zip(buckets.counts());
    let counts = counts.map(|(bound, count)| {
        so_far += count;
        let mut bucket = Bucket::default();
        bucket.set_upper_bound(bound);
        bucket.set_cumulative_count(so_far);
        bucket
    });
    let mut histogram = Histogram::default();
    histogram.set_bucket(counts.collect());
    histogram.set_sample_count(buckets.count());
    histogram.set_sample_sum(buckets.sum());
    histogram
}
