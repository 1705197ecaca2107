//! Writes the records file: CSV, one row a customer.
//!
//! Law: a cell is empty where the thing did not come; instants are seconds since the scenario's
//! start, to the microsecond.

use std::io::{self, Write};
use std::path::Path;

use super::file::Output;
use crate::error::{Error, Result};
use crate::measure::record::Record;
use crate::scenario::calendar::Calendar;
use crate::scenario::plan::Plan;
use crate::time::{Span, Time};

const COLUMNS: [&str; 22] = [
    "replication",
    "number",
    "attempt",
    "class",
    "offered_s",
    "offered_local",
    "fate",
    "silent",
    "delayed",
    "wait_s",
    "assigned_s",
    "first_response_s",
    "closed_s",
    "handle_s",
    "wrap_up_s",
    "agent",
    "transfers",
    "messages",
    "replies",
    "inter_message_s_mean",
    "inter_message_s_max",
    "composing_s",
];

/// The records file of a run, which grows as its replications end.
pub struct Rows<'p> {
    path: &'p Path,
    plan: &'p Plan,
    /// Begun with the first rows: a pipe waits for its reader.
    csv: Option<csv::Writer<Output>>,
    /// What went wrong first: what comes after it is left out.
    wrong: Option<io::Error>,
}

impl<'p> Rows<'p> {
    /// No rows yet.
    pub fn new(path: &'p Path, plan: &'p Plan) -> Rows<'p> {
        Rows {
            path,
            plan,
            csv: None,
            wrong: None,
        }
    }

    /// Adds the rows of a replication; what goes wrong is told in the end.
    pub fn add(&mut self, replication: u32, records: &[Record]) {
        if self.wrong.is_some() {
            return;
        }
        let (calendar, classes) = (&self.plan.calendar, &self.plan.outline.classes);
        let added = self
            .begun()
            .and_then(|csv| write_rows(csv, replication, records, calendar, classes));
        if let Err(error) = added {
            // A full disk is given back what was written.
            (self.csv, self.wrong) = (None, Some(error));
        }
    }

    /// Puts the file in its place.
    ///
    /// # Errors
    /// The file cannot be written, or the disk is full.
    pub fn finish(mut self) -> Result<()> {
        let finished = match self.wrong.take() {
            Some(error) => Err(error),
            None => self.put(),
        };
        finished.map_err(|source| Error::unwritable(self.path, &source))
    }

    fn put(&mut self) -> io::Result<()> {
        self.begun()?.flush()?;
        let csv = self.csv.take().expect("it has been begun");
        let out = csv.into_inner();
        out.map_err(csv::IntoInnerError::into_error)?.finish()
    }

    fn begun(&mut self) -> io::Result<&mut csv::Writer<Output>> {
        if self.csv.is_none() {
            let mut csv = csv::Writer::from_writer(Output::open(self.path)?);
            csv.write_record(COLUMNS)?;
            self.csv = Some(csv);
        }
        Ok(self.csv.as_mut().expect("it has been begun"))
    }
}

fn write_rows<W: Write>(
    csv: &mut csv::Writer<W>,
    replication: u32,
    records: &[Record],
    calendar: &Calendar,
    classes: &[String],
) -> io::Result<()> {
    for record in records {
        csv.write_record(row(replication, record, calendar, classes))?;
    }
    Ok(())
}

fn row(
    replication: u32,
    record: &Record,
    calendar: &Calendar,
    classes: &[String],
) -> [String; COLUMNS.len()] {
    let local = calendar.local(record.offered);
    let mean = (record.replies > 0).then(|| record.latency_sum / u64::from(record.replies));
    let longest = (record.replies > 0).then_some(record.latency_max);
    let class = classes.get(usize::from(record.class)).cloned();
    let handle = record.freed.comes().then_some(record.held);
    let known = record.assigned.comes() && record.composed != Span::ENDLESS;
    let composed = known.then_some(record.composed);
    [
        replication.to_string(),
        record.number.to_string(),
        record.attempt.to_string(),
        class.unwrap_or_default(),
        instant(record.offered),
        local.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        record.fate.map_or("", |fate| fate.name()).to_string(),
        record.silent.to_string(),
        record.delayed.to_string(),
        between(record.offered, record.assigned),
        instant(record.assigned),
        between(record.offered, record.first_reply),
        instant(record.closed),
        handle.map_or_else(String::new, seconds),
        between(record.over, record.freed),
        number_or_empty(record.agent),
        record.transfers.to_string(),
        record.messages.to_string(),
        record.replies.to_string(),
        mean.map_or_else(String::new, seconds),
        longest.map_or_else(String::new, seconds),
        composed.map_or_else(String::new, seconds),
    ]
}

fn number_or_empty(agent: u32) -> String {
    if agent == u32::MAX {
        String::new()
    } else {
        agent.to_string()
    }
}

fn instant(at: Time) -> String {
    between(Time::ZERO, at)
}

/// From one instant to another, empty where either did not come.
fn between(from: Time, to: Time) -> String {
    if from.comes() && to.comes() {
        seconds(to.since(from))
    } else {
        String::new()
    }
}

/// Seconds, rounded to the microsecond, in integers: the same text on every machine.
fn seconds(span: Span) -> String {
    let micros = span.0.saturating_add(500) / 1_000;
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::center::fate::Fate;

    fn at(secs: f64) -> Time {
        Time::from_secs_f64(secs)
    }

    fn handled() -> Record {
        Record {
            number: 17,
            attempt: 2,
            class: 1,
            offered: at(3_600.5),
            fate: Some(Fate::Handled),
            silent: false,
            transfers: 1,
            delayed: true,
            assigned: at(3_612.75),
            first_reply: at(3_650.0),
            closed: at(3_900.0),
            over: at(3_900.0),
            freed: at(3_930.0),
            held: Span::from_millis(317_250),
            agent: 3,
            messages: 5,
            replies: 4,
            latency_sum: Span::from_secs(170),
            latency_max: Span::from_secs(60),
            composed: Span::from_secs(150),
        }
    }

    fn left_in_the_queue() -> Record {
        Record {
            number: 18,
            fate: Some(Fate::AbandonedQueue),
            silent: true,
            transfers: 0,
            assigned: Time::NEVER,
            first_reply: Time::NEVER,
            freed: Time::NEVER,
            agent: u32::MAX,
            messages: 0,
            replies: 0,
            ..handled()
        }
    }

    #[test]
    fn one_row_a_customer_empty_where_it_did_not_come() {
        let start = "2026-03-29T00:30:00[Europe/Madrid]".parse().unwrap();
        let mut csv = csv::Writer::from_writer(Vec::new());
        let classes = ["private".to_string(), "business, large".to_string()];
        let calendar = Calendar::new(start);
        csv.write_record(COLUMNS).unwrap();
        for (replication, record) in [(4, handled()), (5, left_in_the_queue())] {
            write_rows(&mut csv, replication, &[record], &calendar, &classes).unwrap();
        }
        let text = String::from_utf8(csv.into_inner().unwrap()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], COLUMNS.join(","));
        assert_eq!(
            lines[1],
            "4,17,2,\"business, large\",3600.500000,2026-03-29T01:30:00+01:00,handled,false,true,\
             12.250000,3612.750000,49.500000,3900.000000,317.250000,30.000000,3,1,5,4,42.500000,\
             60.000000,150.000000"
        );
        assert_eq!(
            lines[2],
            "5,18,2,\"business, large\",3600.500000,2026-03-29T01:30:00+01:00,abandoned_queue,true,true,\
             ,,,3900.000000,,,,0,0,0,,,"
        );
        assert_eq!(lines.len(), 3);
    }
}
