//! Owns `Replay`: recorded arrivals, read from a CSV, scaled and placed in the scenario's time.
//!
//! Law: whether and where a recorded chat falls depends on the seed and its row alone, so a
//! smaller scale keeps a part of what a greater one keeps, and every replication has the same
//! arrivals: replications of a replay vary the people, not when they come, unless it is resampled.

use std::num::{IntErrorKind, ParseIntError};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::temporal::Pieces;
use jiff::tz::{AmbiguousOffset, Offset};
use rand::RngExt;

use super::almanac::Almanac;
use super::column::Columns;
use super::document::{At, Place};
use super::duration::SPAN;
use super::form::{Choice, Text};
use super::local;
use super::memory::{self, MOST, room};
use super::plan::Piece;
use super::problem::{Fault, Problems};
use super::resample;
use super::section::Section;
use crate::random::{Draws, Kind, Population, Purpose};
use crate::time::{Span, Time};

/// What a time in the data means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Zone {
    /// Local in the scenario's time zone; an offset in the data is ignored, unless it chooses
    /// between the two comings of a time.
    Local,
    /// As its offset says; local where it has none.
    AsWritten,
}

/// A moment of the data.
#[derive(Clone, Copy, Debug)]
enum Moment {
    Local(DateTime, Option<Offset>),
    Absolute(Timestamp),
}

/// Recorded arrivals as read.
#[derive(Clone, Debug)]
pub struct Replay {
    file: At<String>,
    time: At<String>,
    folder: PathBuf,
    resample: Resample,
    moments: Vec<Moment>,
    /// Chats a row and the length of its cell; `None`: a row is a chat.
    counts: Option<(Vec<u32>, Span)>,
}

/// How replications of a replay differ in when customers come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Resample {
    /// Not at all.
    None,
    /// Each is a Poisson process at the rate that was recorded.
    Poisson,
}

/// The most rows at fault that are shown.
const SHOWN: usize = 5;

const TIMES: &str = "a time such as `2026-11-23T09:00:00Z`, `2026-11-23 09:00` or seconds since \
                     1970 is expected";

/// Reads `replay`; `None` inside when there is something wrong with it.
pub fn ask(section: &mut Section, folder: &Path) -> Option<Replay> {
    let name = Text {
        says: "the name of a column",
        example: "created_at",
    };
    let file = section.required(
        "file",
        "A CSV with a header: one row a chat, or one row an interval with its count.",
        &Text {
            says: "the name of a CSV file",
            example: "november.csv",
        },
    );
    let time = section.required("time", "The column with the time of the row.", &name);
    let count = section.optional("count", "The column with the chats of the interval.", &name);
    let every = section.optional("every", "How long an interval is, with `count`.", &SPAN);
    let zone = section.or(
        "zone",
        "`local`: times are local in the scenario's time zone, an offset is ignored but where the \
         clock shows a time twice; `as-written`: an offset counts.",
        &Choice(&[("local", Zone::Local), ("as-written", Zone::AsWritten)]),
        "\"local\"",
    );
    let resample = section.or(
        "resample",
        "`none`: the same arrivals in every replication; `poisson`: a Poisson process in each, at \
         the rate recorded in each interval.",
        &Choice(&[("none", Resample::None), ("poisson", Resample::Poisson)]),
        "\"none\"",
    );
    section.pair("count", "every");
    if let Some(every) = every.as_ref().filter(|every| every.value == Span::ZERO) {
        section.problem(
            every.place,
            "`every` is zero",
            "how long is an interval?",
            None,
        );
        return None;
    }
    let wanted = Wanted {
        file: file?,
        time: time?,
        count,
        every: every.map(|every| every.value),
        zone: zone.value,
        resample: resample.value,
    };
    wanted.load(folder, section.problems()?)
}

/// What to read from a CSV.
struct Wanted {
    file: At<String>,
    time: At<String>,
    count: Option<At<String>>,
    every: Option<Span>,
    zone: Zone,
    resample: Resample,
}

impl Wanted {
    fn load(self, folder: &Path, problems: &mut Problems) -> Option<Replay> {
        let names = [Some(&self.time), self.count.as_ref()];
        let columns = Columns {
            file: &self.file,
            folder,
            names: names.into_iter().flatten().collect(),
            keeps: size_of::<(Moment, u32)>(),
        };
        let (mut moments, mut counts) = (Vec::new(), Vec::new());
        let read = columns.read(problems, |_, cells| {
            let time = cells[0];
            moments.push(moment(time, self.zone).ok_or_else(|| fault(0, time, TIMES))?);
            if let Some(count) = cells.get(1) {
                counts.push(
                    count
                        .parse()
                        .map_err(|why| fault(1, count, &no_count(&why)))?,
                );
            }
            Ok(())
        });
        let counts = self.count.and(self.every).map(|every| (counts, every));
        read.then_some(Replay {
            file: self.file,
            time: self.time,
            folder: folder.to_path_buf(),
            resample: self.resample,
            moments,
            counts,
        })
    }
}

fn fault(column: usize, cell: &str, label: &str) -> (usize, Fault) {
    (column, Fault::new(0..cell.len(), label))
}

/// What is wrong with a count.
fn no_count(why: &ParseIntError) -> String {
    match why.kind() {
        IntErrorKind::PosOverflow => format!("too large: at most {} chats a row", u32::MAX),
        _ => "a whole number of chats is expected".into(),
    }
}

/// Reads a time of the data.
fn moment(text: &str, zone: Zone) -> Option<Moment> {
    let numeric = text.len() >= 9 && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if numeric {
        let seconds: f64 = text.parse().ok().filter(|s| *s < 1e11)?;
        let nanos = (seconds * 1e3).round() as i128 * 1_000_000;
        return Timestamp::from_nanosecond(nanos).ok().map(Moment::Absolute);
    }
    let pieces = Pieces::parse(text).ok()?;
    let local = pieces.date().to_datetime(pieces.time().unwrap_or_default());
    match pieces.to_numeric_offset() {
        Some(offset) if zone == Zone::AsWritten => absolute(local, offset).map(Moment::Absolute),
        _ => Some(Moment::Local(local, local::numeric_offset(&pieces))),
    }
}

fn absolute(local: DateTime, offset: Offset) -> Option<Timestamp> {
    offset.to_timestamp(local).ok()
}

/// How recorded arrivals are scaled and placed.
pub struct Placing<'a> {
    /// The scenario's stretch of time.
    pub almanac: &'a Almanac,
    /// Of all draws.
    pub seed: u64,
    /// Chats for each that was recorded.
    pub scale: f64,
    /// Copies of a chat fall anywhere in its interval of this length.
    pub interval: Span,
}

impl Replay {
    /// Whether every replication has arrivals of its own.
    pub fn resampled(&self) -> bool {
        self.resample == Resample::Poisson
    }

    /// The rate that was recorded; `None` after noting that nobody came, or when nobody can have.
    pub fn pieces(&self, placing: &Placing, problems: &mut Problems) -> Option<Vec<Piece>> {
        self.all_exist(placing, problems).then_some(())?;
        let starts = || {
            self.moments
                .iter()
                .map(|moment| placing.since_start(*moment))
        };
        let steps = match &self.counts {
            None => resample::of_chats(starts(), placing.interval, placing.almanac.horizon),
            Some((counts, every)) => resample::of_counts(starts().zip(counts), *every),
        };
        let pieces = resample::pieces(&steps, placing.scale, placing.almanac);
        if pieces.iter().all(|piece| piece.to_rate == 0.0) {
            self.note_nothing(0, placing, problems);
            return None;
        }
        Some(pieces)
    }

    /// Sees that no row which matters stands at a time that the clocks skip.
    fn all_exist(&self, placing: &Placing, problems: &mut Problems) -> bool {
        let length = self.length();
        let matters = |row: usize| {
            let at = placing.since_start(self.moments[row]);
            let some = self
                .counts
                .as_ref()
                .is_none_or(|(counts, _)| counts[row] > 0);
            some && placing.touches(at, length)
        };
        let skipped = |row: &usize| placing.skips(self.moments[*row]) && matters(*row);
        let rows: Vec<usize> = (0..self.moments.len())
            .filter(skipped)
            .take(SHOWN)
            .collect();
        if !rows.is_empty() {
            self.note_skipped(&rows, placing, problems);
        }
        rows.is_empty()
    }

    /// Reads the file once more, for the lines of the rows.
    fn note_skipped(&self, rows: &[usize], placing: &Placing, problems: &mut Problems) {
        let columns = Columns {
            file: &self.file,
            folder: &self.folder,
            names: vec![&self.time],
            keeps: 1,
        };
        let zone = placing.almanac.zone().iana_name().unwrap_or("the zone");
        columns.read(problems, |row, cells| {
            if !rows.contains(&(row as usize)) {
                return Ok(());
            }
            let label = format!("the clocks of {zone} are put forward over this time");
            let help = "set `calendar.time_zone` to the zone of the data; or, if its offsets are \
                        right, write `zone = \"as-written\"` in `replay`";
            Err((0, Fault::new(0..cells[0].len(), label).with_help(help)))
        });
    }

    /// The arrivals within the horizon, ascending; `None` after noting that there are none, or
    /// too many.
    pub fn place(&self, placing: &Placing, problems: &mut Problems) -> Option<Vec<Time>> {
        self.all_exist(placing, problems).then_some(())?;
        let recorded = self.check_size(placing, memory::available(), problems)?;
        let mut arrivals = Vec::new();
        let rows = self.moments.len();
        for row in 0..rows {
            let at = placing.since_start(self.moments[row]);
            let draws = placing.draws(row as u64);
            match &self.counts {
                None => placing.place_chat(at, draws, &mut arrivals),
                Some((counts, every)) => {
                    placing.place_cell(at, *every, counts[row], draws, &mut arrivals);
                }
            }
        }
        if arrivals.is_empty() {
            self.note_nothing(recorded, placing, problems);
            return None;
        }
        arrivals.sort_unstable();
        Some(arrivals)
    }

    /// How long a row lasts; a single chat next to nothing.
    fn length(&self) -> i64 {
        self.counts.as_ref().map_or(1, |counts| counts.1.0 as i64)
    }

    /// How many chats are recorded within the scenario's time; `None` after noting that their
    /// arrivals would not fit into so many bytes free.
    fn check_size(
        &self,
        placing: &Placing,
        free: Option<u64>,
        problems: &mut Problems,
    ) -> Option<u64> {
        let every = self.length();
        let within = |row: &usize| placing.touches(placing.since_start(self.moments[*row]), every);
        let chats = |row: usize| self.counts.as_ref().map_or(1, |c| u64::from(c.0[row]));
        let recorded: u64 = (0..self.moments.len()).filter(within).map(chats).sum();
        let arrivals = recorded as f64 * placing.scale;
        // They are gathered, and then copied into what all replications share.
        let bytes = 2 * size_of::<Time>();
        if arrivals <= room(bytes, free) as f64 {
            return Some(recorded);
        }
        let title = format!(
            "{} has {recorded} chats within the scenario's time, too many to replay",
            self.file.value
        );
        let free = free.map_or("unknown".into(), |free| memory::say(free as f64));
        let size = memory::say(arrivals * bytes as f64);
        let label = format!(
            "{arrivals:.0} with `scale`, {size}: at most {MOST}, and the memory free is {free}"
        );
        let help = "make `horizon` shorter or `scale` less".to_string();
        problems.add(self.file.place, title, label, Some(help));
        None
    }

    fn note_nothing(&self, recorded: u64, placing: &Placing, problems: &mut Problems) {
        if recorded > 0 {
            let title = format!("`scale` leaves none of {recorded} recorded chats");
            let help = Some("make `arrivals.scale` greater".to_string());
            problems.add(self.file.place, title, "nobody would come", help);
            return;
        }
        let at = |moment: &Moment| placing.since_start(*moment);
        let local = |at: Option<i64>| {
            placing
                .almanac
                .local(at.unwrap_or(0))
                .strftime("%Y-%m-%d %H:%M:%S")
        };
        let (first, last) = (
            self.moments.iter().map(at).min(),
            self.moments.iter().map(at).max(),
        );
        let horizon = Some(placing.almanac.horizon.0 as i64);
        let title = format!("{} has no chat within the scenario's time", self.file.value);
        let label = format!("its rows go from {} to {}", local(first), local(last));
        let help = format!(
            "the scenario goes from {} to {}: set `calendar.start` and `calendar.horizon`",
            local(Some(0)),
            local(horizon)
        );
        let place: Place = self.file.place;
        problems.add(place, title, label, Some(help));
    }
}

impl Placing<'_> {
    /// Whether a stretch lies within the scenario's time, in part at least.
    fn touches(&self, from: i64, length: i64) -> bool {
        from < self.almanac.horizon.0 as i64 && from + length > 0
    }

    fn draws(&self, row: u64) -> Draws {
        Population::new(self.seed, 0, Kind::Arrivals).person(row, 0)
    }

    fn since_start(&self, moment: Moment) -> i64 {
        match moment {
            Moment::Local(local, None) => self.almanac.instant(local),
            Moment::Local(local, Some(offset)) => {
                let (first, second) = self.almanac.instants(local);
                let zone = self.almanac.zone().to_ambiguous_timestamp(local);
                match (second, zone.offset()) {
                    (Some(second), AmbiguousOffset::Fold { after, .. }) if after == offset => {
                        second
                    }
                    _ => first,
                }
            }
            Moment::Absolute(instant) => self.almanac.since_start(instant),
        }
    }

    /// Whether the clocks skip a moment.
    fn skips(&self, moment: Moment) -> bool {
        match moment {
            Moment::Local(local, _) => local::skipping(self.almanac.zone(), local).is_some(),
            Moment::Absolute(_) => false,
        }
    }

    fn keep(&self, at: i64, arrivals: &mut Vec<Time>) {
        let within = u64::try_from(at)
            .ok()
            .map(Time)
            .filter(|at| *at < self.almanac.horizon);
        arrivals.extend(within);
    }

    /// A recorded chat at its time, and its copies within its interval.
    fn place_chat(&self, at: i64, draws: Draws, arrivals: &mut Vec<Time>) {
        let (from, length) = (at - at.rem_euclid(self.interval.0 as i64), self.interval);
        if at < 0 || at >= self.almanac.horizon.0 as i64 {
            return;
        }
        let length = length.0.min(self.almanac.horizon.0 - from as u64) as f64;
        for copy in 0..self.scale.ceil() as u32 {
            let mut stream = draws.at(Purpose::Placement, copy);
            if stream.random::<f64>() < self.scale - f64::from(copy) {
                let moved = from + (stream.random::<f64>() * length) as i64;
                self.keep(if copy == 0 { at } else { moved }, arrivals);
            }
        }
    }

    /// The chats of an interval, evenly at random within it.
    fn place_cell(
        &self,
        from: i64,
        every: Span,
        count: u32,
        draws: Draws,
        arrivals: &mut Vec<Time>,
    ) {
        if !self.touches(from, every.0 as i64) {
            return;
        }
        for copy in 0..self.scale.ceil() as u32 {
            for chat in 0..count {
                let index = copy.wrapping_mul(count).wrapping_add(chat);
                let mut stream = draws.at(Purpose::Placement, index);
                if stream.random::<f64>() < self.scale - f64::from(copy) {
                    self.keep(
                        from + (stream.random::<f64>() * every.0 as f64) as i64,
                        arrivals,
                    );
                }
            }
        }
    }
}
