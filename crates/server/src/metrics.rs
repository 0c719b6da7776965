//! The metrics of the server, as text for Prometheus. Counting takes no lock: every counter is
//! created at the start.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bowline_aws::error::{Code, ErrorKind};
use prometheus_client::{
    encoding::{
        EncodeLabelSet, EncodeMetric, MetricEncoder, NoLabelSet,
        text::{encode_eof, encode_registry},
    },
    metrics::{
        MetricType, TypedMetric,
        counter::{ConstCounter, Counter},
        family::Family,
        gauge::ConstGauge,
    },
    registry::Registry,
};

use crate::request::service::Service;

/// The prefix of all names.
const PREFIX: &str = "bowline";
/// Upper bounds of the latency buckets, in seconds.
const BUCKETS: [f64; 12] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0,
];

/// The outcome of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestOutcome {
    /// Success.
    Done,
    /// A rejection ([`ErrorKind::Rejected`]).
    Refused,
    /// Another failure of the client's request ([`ErrorKind::Failed`]).
    Failed,
    /// A failure of the server ([`ErrorKind::ServerError`]).
    Broken,
}

/// The counters.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    calls: Vec<(Service, RequestOutcome, Counter)>,
    latency: Vec<(Service, Latency)>,
    unreadable: Counter,
    quota_refusals: Counter,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct CallLabels {
    service: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ServiceLabels {
    service: &'static str,
}

/// A number that is read for each scrape.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    /// The name, without the prefix.
    pub(crate) name: &'static str,
    /// The description.
    pub(crate) help: &'static str,
    /// The number.
    pub(crate) value: Value,
}

/// A number, by its kind.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value {
    /// A number that only grows.
    Counter(u64),
    /// A number that goes up and down.
    Gauge(i64),
}

impl Reading {
    /// A number that only grows.
    pub(crate) fn counter(name: &'static str, help: &'static str, value: u64) -> Self {
        Self {
            name,
            help,
            value: Value::Counter(value),
        }
    }

    /// A number that goes up and down.
    pub(crate) fn gauge(name: &'static str, help: &'static str, value: u64) -> Self {
        Self {
            name,
            help,
            value: Value::Gauge(i64::try_from(value).unwrap_or(i64::MAX)),
        }
    }
}

impl RequestOutcome {
    const ALL: [Self; 4] = [Self::Done, Self::Refused, Self::Failed, Self::Broken];

    /// The outcome of a request with this error.
    pub(crate) fn with(code: Code) -> Self {
        match code.kind() {
            // The client has the object already.
            ErrorKind::Failed if code == Code::NotModified => Self::Done,
            ErrorKind::Rejected => Self::Refused,
            ErrorKind::Failed => Self::Failed,
            ErrorKind::ServerError => Self::Broken,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Broken => "broken",
        }
    }
}

impl Metrics {
    /// Counters at zero.
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix(PREFIX);
        let calls = Family::<CallLabels, Counter>::default();
        registry.register(
            "calls",
            "Requests served, by service and outcome",
            calls.clone(),
        );
        let latency = Family::<ServiceLabels, Latency>::default();
        registry.register(
            "call_duration_seconds",
            "Time from the request head to the response, without the streaming of objects",
            latency.clone(),
        );
        let unreadable = Counter::default();
        registry.register(
            "unreadable_requests",
            "Connections that ended without a readable request, or with a request head over the limits",
            unreadable.clone(),
        );
        let quota_refusals = Counter::default();
        registry.register(
            "quota_refusals",
            "Requests refused because of a quota",
            quota_refusals.clone(),
        );
        let call = |service: Service, ending: RequestOutcome| {
            let labels = CallLabels {
                service: service.name(),
                outcome: ending.name(),
            };
            (service, ending, calls.get_or_create(&labels).clone())
        };
        Self {
            calls: Service::ALL
                .into_iter()
                .flat_map(|service| RequestOutcome::ALL.map(|ending| call(service, ending)))
                .collect(),
            latency: Service::ALL
                .into_iter()
                .map(|service| {
                    let labels = ServiceLabels {
                        service: service.name(),
                    };
                    (service, latency.get_or_create(&labels).clone())
                })
                .collect(),
            unreadable,
            quota_refusals,
            registry,
        }
    }

    /// Counts a connection that ended without a readable request.
    pub(crate) fn unreadable(&self) {
        self.unreadable.inc();
    }

    /// Counts a request that would have exceeded a quota.
    pub(crate) fn quota_refusal(&self) {
        self.quota_refusals.inc();
    }

    /// Counts a request.
    pub(crate) fn call(&self, service: Service, ending: RequestOutcome, took: Duration) {
        if let Some((_, _, counter)) = self
            .calls
            .iter()
            .find(|(of, how, _)| (*of, *how) == (service, ending))
        {
            counter.inc();
        }
        if let Some((_, latency)) = self.latency.iter().find(|(of, _)| *of == service) {
            latency.observe(took);
        }
    }

    /// All counters and readings, in the text format.
    ///
    /// # Errors
    /// Never: text is written into memory.
    pub(crate) fn to_text(&self, readings: &[Reading]) -> Result<String, fmt::Error> {
        let mut others = Registry::with_prefix(PREFIX);
        for reading in readings {
            match reading.value {
                Value::Counter(value) => {
                    others.register(reading.name, reading.help, ConstCounter::new(value));
                }
                Value::Gauge(value) => {
                    others.register(reading.name, reading.help, ConstGauge::new(value));
                }
            }
        }
        let mut text = String::new();
        encode_registry(&mut text, &self.registry)?;
        encode_registry(&mut text, &others)?;
        encode_eof(&mut text)?;
        Ok(text)
    }
}

/// A histogram without a lock.
#[derive(Clone, Debug, Default)]
struct Latency(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    micros: AtomicU64,
    /// Not cumulative. The last bucket is for times above all bounds.
    buckets: [AtomicU64; BUCKETS.len() + 1],
}

impl Latency {
    fn observe(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.0.micros.fetch_add(micros, Ordering::Relaxed);
        let seconds = took.as_secs_f64();
        let bucket = BUCKETS.partition_point(|bound| *bound < seconds);
        if let Some(count) = self.0.buckets.get(bucket) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl TypedMetric for Latency {
    const TYPE: MetricType = MetricType::Histogram;
}

impl EncodeMetric for Latency {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let bounds = BUCKETS.into_iter().chain([f64::INFINITY]);
        let buckets: Vec<(f64, u64)> = bounds
            .zip(&self.0.buckets)
            .map(|(bound, count)| (bound, count.load(Ordering::Relaxed)))
            .collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        let sum = Duration::from_micros(self.0.micros.load(Ordering::Relaxed)).as_secs_f64();
        encoder.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_failures_of_the_server_count_as_broken() {
        assert_eq!(
            RequestOutcome::with(Code::NotImplemented),
            RequestOutcome::Refused
        );
        assert_eq!(
            RequestOutcome::with(Code::UnsupportedSignature),
            RequestOutcome::Refused
        );
        assert_eq!(
            RequestOutcome::with(Code::Throttling),
            RequestOutcome::Refused
        );
        assert_eq!(
            RequestOutcome::with(Code::AccessDenied),
            RequestOutcome::Refused
        );
        assert_eq!(
            RequestOutcome::with(Code::NoSuchKey),
            RequestOutcome::Failed
        );
        assert_eq!(
            RequestOutcome::with(Code::NotModified),
            RequestOutcome::Done
        );
        let broken = Code::ALL
            .iter()
            .filter(|code| RequestOutcome::with(**code) == RequestOutcome::Broken);
        let broken: Vec<_> = broken.collect();
        insta::assert_debug_snapshot!(broken, @"
        [
            InternalFailure,
            ServiceUnavailable,
            PolicyEvaluation,
            InsufficientStorage,
        ]
        ");
    }

    #[test]
    fn calls_are_counted_and_timed_by_service() {
        let metrics = Metrics::new();
        metrics.call(
            Service::Sts,
            RequestOutcome::Done,
            Duration::from_micros(300),
        );
        metrics.call(
            Service::Sts,
            RequestOutcome::Refused,
            Duration::from_secs(9),
        );
        let readings = [
            Reading {
                name: "audit_failures",
                help: "Records that could not be written",
                value: Value::Counter(2),
            },
            Reading {
                name: "index_revision",
                help: "The commit that the index stands at",
                value: Value::Gauge(7),
            },
        ];
        let text = metrics.to_text(&readings).unwrap();
        let mut lines: Vec<&str> = text
            .lines()
            .filter(|line| !line.contains("service=") || line.contains("\"sts\""))
            .collect();
        // The order of label sets is not defined.
        lines.sort_by_key(|line| line.contains("calls_total").then_some(*line));
        insta::assert_snapshot!(lines.join("\n"), @r#"
        # HELP bowline_calls Requests served, by service and outcome.
        # TYPE bowline_calls counter
        # HELP bowline_call_duration_seconds Time from the request head to the response, without the streaming of objects.
        # TYPE bowline_call_duration_seconds histogram
        bowline_call_duration_seconds_sum{service="sts"} 9.0003
        bowline_call_duration_seconds_count{service="sts"} 2
        bowline_call_duration_seconds_bucket{le="0.0001",service="sts"} 0
        bowline_call_duration_seconds_bucket{le="0.00025",service="sts"} 0
        bowline_call_duration_seconds_bucket{le="0.0005",service="sts"} 1
        bowline_call_duration_seconds_bucket{le="0.001",service="sts"} 1
        bowline_call_duration_seconds_bucket{le="0.0025",service="sts"} 1
        bowline_call_duration_seconds_bucket{le="0.005",service="sts"} 1
        bowline_call_duration_seconds_bucket{le="0.01",service="sts"} 1
        bowline_call_duration_seconds_bucket{le="0.05",service="sts"} 1
        bowline_call_duration_seconds_bucket{le="0.1",service="sts"} 1
        bowline_call_duration_seconds_bucket{le="0.5",service="sts"} 1
        bowline_call_duration_seconds_bucket{le="1.0",service="sts"} 1
        bowline_call_duration_seconds_bucket{le="5.0",service="sts"} 1
        bowline_call_duration_seconds_bucket{le="+Inf",service="sts"} 2
        # HELP bowline_unreadable_requests Connections that ended without a readable request, or with a request head over the limits.
        # TYPE bowline_unreadable_requests counter
        bowline_unreadable_requests_total 0
        # HELP bowline_quota_refusals Requests refused because of a quota.
        # TYPE bowline_quota_refusals counter
        bowline_quota_refusals_total 0
        # HELP bowline_audit_failures Records that could not be written.
        # TYPE bowline_audit_failures counter
        bowline_audit_failures_total 2
        # HELP bowline_index_revision The commit that the index stands at.
        # TYPE bowline_index_revision gauge
        bowline_index_revision 7
        # EOF
        bowline_calls_total{service="sts",outcome="broken"} 0
        bowline_calls_total{service="sts",outcome="done"} 1
        bowline_calls_total{service="sts",outcome="failed"} 0
        bowline_calls_total{service="sts",outcome="refused"} 1
        "#);
    }
}
