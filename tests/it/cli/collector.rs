//! Owns `Sink`: a collector of metrics, which keeps what it is sent, and how to read that.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{HistogramDataPoint, Metric, number_data_point};
use prost::Message;

/// What was posted: the head of the request, and its body.
type Posted = (String, Vec<u8>);

/// A collector on a thread of its own, which ends with the test.
pub struct Sink {
    pub addr: SocketAddr,
    posted: Arc<Mutex<Vec<Posted>>>,
}

impl Sink {
    /// One that takes everything, or else says what it was shown and takes nothing.
    pub fn new(takes: bool) -> Sink {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let posted = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&posted);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                take(&stream.unwrap(), takes, &kept);
            }
        });
        Sink { addr, posted }
    }

    /// The heads of all requests.
    pub fn heads(&self) -> Vec<String> {
        let posted = self.posted.lock().unwrap();
        posted.iter().map(|(head, _)| head.clone()).collect()
    }

    /// All bytes of all bodies, as far as they are text.
    pub fn text(&self) -> String {
        let posted = self.posted.lock().unwrap();
        let bodies = posted.iter().map(|(_, body)| String::from_utf8_lossy(body));
        bodies.collect()
    }

    /// What was posted last.
    pub fn last(&self) -> ExportMetricsServiceRequest {
        let posted = self.posted.lock().unwrap();
        let (_, body) = posted.last().expect("something was posted");
        ExportMetricsServiceRequest::decode(body.as_slice()).expect("it is protobuf")
    }
}

fn take(mut stream: &TcpStream, takes: bool, kept: &Mutex<Vec<Posted>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut head = String::new();
    while reader.read_line(&mut head).unwrap() > 2 {}
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.parse().unwrap())
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).unwrap();
    let (status, words) = match takes {
        true => ("200 OK", String::new()),
        false => ("401 Unauthorized", head.replace("\r\n", " & ")),
    };
    kept.lock().unwrap().push((head, body));
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{words}",
        words.len()
    );
    stream.write_all(answer.as_bytes()).unwrap();
}

/// A metric of a request by its name.
pub fn metric<'r>(request: &'r ExportMetricsServiceRequest, name: &str) -> Option<&'r Metric> {
    let scopes = request
        .resource_metrics
        .iter()
        .flat_map(|of| &of.scope_metrics);
    let mut metrics = scopes.flat_map(|scope| &scope.metrics);
    metrics.find(|metric| metric.name == name)
}

/// The sum of a counter's values whose labels hold this value; all for an empty one.
pub fn count(request: &ExportMetricsServiceRequest, name: &str, label: &str) -> i64 {
    let metric = metric(request, name).unwrap_or_else(|| panic!("there is {name}"));
    let Some(Data::Sum(sum)) = &metric.data else {
        panic!("{name} is a counter");
    };
    let has = |point: &&opentelemetry_proto::tonic::metrics::v1::NumberDataPoint| {
        label.is_empty() || format!("{:?}", point.attributes).contains(&format!("\"{label}\""))
    };
    let values = sum
        .data_points
        .iter()
        .filter(has)
        .map(|point| match point.value {
            Some(number_data_point::Value::AsInt(count)) => count,
            ref other => panic!("{name} counts whole: {other:?}"),
        });
    values.sum()
}

/// The counts of a histogram.
pub fn histogram<'r>(
    request: &'r ExportMetricsServiceRequest,
    name: &str,
) -> &'r HistogramDataPoint {
    let metric = metric(request, name).unwrap_or_else(|| panic!("there is {name}"));
    match &metric.data {
        Some(Data::Histogram(histogram)) => &histogram.data_points[0],
        other => panic!("{name} is a histogram: {other:?}"),
    }
}
