//! Writes the metrics as an OTLP export request: cumulative, since the run's start.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint,
    ResourceMetrics, ScopeMetrics, Sum, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;

use super::{Family, Labels, Values};
use crate::measure::meter::Buckets;

/// From when to when, in nanoseconds since 1970.
#[derive(Clone, Copy, Debug)]
pub struct Period {
    /// When counting began.
    pub start: u64,
    /// As of when.
    pub now: u64,
}

/// The metrics as an encoded request of a resource with these attributes.
pub fn request(families: &[Family], resource: &[(String, String)], period: Period) -> Vec<u8> {
    let attributes = resource.iter().map(|(name, value)| attribute(name, value));
    let scope = InstrumentationScope {
        name: env!("CARGO_PKG_NAME").into(),
        version: env!("CARGO_PKG_VERSION").into(),
        ..InstrumentationScope::default()
    };
    let metrics = families.iter().map(|family| metric(family, period));
    let request = ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: Some(Resource {
                attributes: attributes.collect(),
                ..Resource::default()
            }),
            scope_metrics: vec![ScopeMetrics {
                scope: Some(scope),
                metrics: metrics.collect(),
                schema_url: String::new(),
            }],
            schema_url: String::new(),
        }],
    };
    request.encode_to_vec()
}

fn metric(family: &Family, period: Period) -> Metric {
    let cumulative = AggregationTemporality::Cumulative.into();
    let number = |labels: &Labels, value| NumberDataPoint {
        attributes: labels
            .iter()
            .map(|(name, value)| attribute(name, value))
            .collect(),
        start_time_unix_nano: period.start,
        time_unix_nano: period.now,
        value: Some(value),
        ..NumberDataPoint::default()
    };
    let data = match &family.values {
        Values::Counters(values) => {
            let count = |count: &u64| i64::try_from(*count).unwrap_or(i64::MAX);
            let points = values.iter().map(|(labels, value)| {
                number(labels, number_data_point::Value::AsInt(count(value)))
            });
            Data::Sum(Sum {
                data_points: points.collect(),
                aggregation_temporality: cumulative,
                is_monotonic: true,
            })
        }
        Values::Gauges(values) => {
            let points = values
                .iter()
                .map(|(labels, value)| number(labels, number_data_point::Value::AsDouble(*value)));
            Data::Gauge(Gauge {
                data_points: points.collect(),
            })
        }
        Values::Histogram(buckets) => Data::Histogram(Histogram {
            data_points: vec![histogram(buckets, period)],
            aggregation_temporality: cumulative,
        }),
    };
    Metric {
        name: family.name.into(),
        description: family.help.into(),
        unit: unit(family.name).into(),
        data: Some(data),
        ..Metric::default()
    }
}

fn histogram(buckets: &Buckets, period: Period) -> HistogramDataPoint {
    HistogramDataPoint {
        start_time_unix_nano: period.start,
        time_unix_nano: period.now,
        count: buckets.count(),
        sum: Some(buckets.sum()),
        bucket_counts: buckets.counts().to_vec(),
        explicit_bounds: buckets.bounds().collect(),
        ..HistogramDataPoint::default()
    }
}

/// What is counted, by how names begin behind the program's, as annotations of UCUM.
const COUNTED: [(&str, &str); 7] = [
    ("customers_", "{customer}"),
    ("arrivals_", "{customer}"),
    ("chats_", "{chat}"),
    ("messages_", "{message}"),
    ("integrity_faults_", "{fault}"),
    ("slots_", "{slot}"),
    ("agents_", "{agent}"),
];

/// The unit in the notation of UCUM; none of what has none. The unit `1` is for ratios alone: whoever
/// translates names puts `_ratio` behind those of gauges that have it.
fn unit(name: &str) -> &'static str {
    let own = name.strip_prefix("busyhour_").unwrap_or(name);
    let counted = COUNTED.iter().find(|(begin, _)| own.starts_with(begin));
    match counted {
        _ if own.ends_with("_seconds") => "s",
        _ if own.ends_with("_ratio") => "1",
        Some((_, unit)) => unit,
        None => "",
    }
}

fn attribute(name: &str, value: &str) -> KeyValue {
    KeyValue {
        key: name.into(),
        value: Some(AnyValue {
            value: Some(Value::StringValue(value.into())),
        }),
        ..KeyValue::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_one_is_for_ratios_alone() {
        for (name, said) in [
            ("busyhour_speed_ratio", "1"),
            ("busyhour_delivery_seconds", "s"),
            ("busyhour_wait_scenario_seconds", "s"),
            ("busyhour_scenario_time_seconds", "s"),
            ("busyhour_customers_present", "{customer}"),
            ("busyhour_arrivals_not_started_total", "{customer}"),
            ("busyhour_chats_total", "{chat}"),
            ("busyhour_chats_waiting", "{chat}"),
            ("busyhour_messages_undelivered_total", "{message}"),
            ("busyhour_integrity_faults_total", "{fault}"),
            ("busyhour_slots_in_use", "{slot}"),
            ("busyhour_agents_busy", "{agent}"),
            ("busyhour_agent_online_seconds", "s"),
            ("busyhour_build_info", ""),
            ("busyhour_run_info", ""),
        ] {
            assert_eq!(unit(name), said, "{name}");
        }
    }
}
