//! Draws the arrival curve, with wait and active chats under it, as bars.
//!
//! Law: every interval that is measured is shown: where there are more than columns, neighbours
//! merge into one bar, counts by sum, waits by customers, active chats by time.

use jiff::civil::{DateTime, date};

use super::{local, measured};
use crate::measure::result::{Row, RunResult};
use crate::report::figure::Unit;
use crate::report::paint::Paint;
use crate::time::Span;

const LABEL: usize = 10;
const NOTE: usize = 30;
/// Minutes between labels, of which the first that leaves room is taken.
const STEPS_MIN: [i64; 17] = [
    5, 10, 15, 20, 30, 60, 90, 120, 180, 240, 360, 720, 1_440, 2_880, 10_080, 40_320, 161_280,
];
const DAY_S: u64 = 86_400;
const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The three rows of bars over an axis of local time; nothing where nobody came.
pub fn render(result: &RunResult, width: usize, paint: Paint) -> String {
    let columns = width - LABEL - NOTE;
    let rows = measured(&result.intervals, result.scenario.warm_up_s);
    let bars = Bars::of(rows, columns);
    if bars.bins.iter().all(|bin| bin.arrived <= 0.0) {
        return String::new();
    }
    let each = Span::from_secs_f64(bars.bins[0].length_s);
    let mut out = format!(
        "{}\n",
        paint.heading(&format!(" By local time, a bar {each}"))
    );
    let customers = result.scenario.cast.plays_customers();
    let came = if customers { "arrived" } else { "taken" };
    let series: [(&str, Unit, usize, Vec<f64>); 3] = [
        (came, Unit::Count, 3, bars.values(|bin| bin.arrived)),
        ("wait", Unit::Seconds, 1, bars.values(Bin::wait)),
        ("active", Unit::Number, 1, bars.values(Bin::active)),
    ];
    let seen = rows.iter().any(|row| row.active_chats_mean.is_some());
    let is_seen = |series: &(&str, _, _, _)| match series.0 {
        "active" => seen,
        "wait" => customers,
        _ => true,
    };
    for (label, unit, height, values) in series.into_iter().filter(is_seen) {
        out.push_str(&bars.draw(label, unit, height, &values, paint));
    }
    out.push_str(&format!(
        " {:1$}{2}\n",
        "",
        LABEL - 1,
        paint.faint(&bars.axis())
    ));
    out
}

/// One bar: an interval, or neighbours that merged.
#[derive(Clone, Debug, Default)]
struct Bin {
    start: Option<DateTime>,
    length_s: f64,
    arrived: f64,
    waited: f64,
    waits: f64,
    chat_time: f64,
}

impl Bin {
    fn of(rows: &[Row]) -> Bin {
        let sum = |of: &dyn Fn(&Row) -> f64| rows.iter().map(of).sum::<f64>();
        Bin {
            start: rows.first().and_then(|row| local::civil(&row.start)),
            length_s: sum(&|row| row.length_s),
            arrived: sum(&|row| row.arrived),
            waited: sum(&|row| row.wait_s.mean.unwrap_or(0.0) * row.wait_s.count),
            waits: sum(&|row| row.wait_s.count),
            chat_time: sum(&|row| row.active_chats_mean.unwrap_or(0.0) * row.length_s),
        }
    }

    fn wait(&self) -> f64 {
        if self.waits > 0.0 {
            self.waited / self.waits
        } else {
            0.0
        }
    }

    fn active(&self) -> f64 {
        if self.length_s > 0.0 {
            self.chat_time / self.length_s
        } else {
            0.0
        }
    }
}

/// All bars, each `repeat` columns wide.
#[derive(Debug)]
struct Bars {
    bins: Vec<Bin>,
    repeat: usize,
}

impl Bars {
    fn of(rows: &[Row], columns: usize) -> Bars {
        let merged = merging(rows, columns);
        let bins: Vec<Bin> = rows.chunks(merged).map(Bin::of).collect();
        let repeat = (columns / bins.len().max(1)).clamp(1, 6);
        Bars { bins, repeat }
    }

    fn values(&self, value: impl Fn(&Bin) -> f64) -> Vec<f64> {
        self.bins.iter().map(value).collect()
    }

    fn draw(&self, label: &str, unit: Unit, height: usize, values: &[f64], paint: Paint) -> String {
        let most = values.iter().copied().fold(0.0, f64::max);
        let at = values.iter().position(|value| *value == most && most > 0.0);
        let note = match at.map(|index| self.when(index)) {
            Some(when) => format!("max {}, {when}", unit.say(most)),
            None => "none".into(),
        };
        let mut out = String::new();
        for row in (0..height).rev() {
            let bar = |value: &f64| {
                let eighths = (value / most.max(f64::MIN_POSITIVE) * 8.0 * height as f64).ceil();
                let level = (eighths as usize).saturating_sub(row * 8).min(8);
                EIGHTHS[level].to_string().repeat(self.repeat)
            };
            let bars: String = values.iter().map(bar).collect();
            let (label, note) = if row == 0 {
                (label, note.as_str())
            } else {
                ("", "")
            };
            let bars = if note.is_empty() {
                bars.trim_end()
            } else {
                &bars
            };
            let line = format!(" {label:<9}{}  {note}", paint.bar(bars));
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }

    fn several_days(&self) -> bool {
        self.bins.iter().map(|bin| bin.length_s).sum::<f64>() > DAY_S as f64
    }

    fn when(&self, index: usize) -> String {
        match self.bins[index].start {
            Some(start) if self.several_days() => start.strftime("%a %-d %H:%M").to_string(),
            Some(start) => start.strftime("%H:%M").to_string(),
            None => "?".into(),
        }
    }

    /// Labels at round local times, as many as fit; each says when the bar over it starts.
    fn axis(&self) -> String {
        let bar_minutes = self.bins[0].length_s / 60.0 / self.repeat as f64;
        let whole_bars = |step: i64| (step as f64 * 60.0 % self.bins[0].length_s) == 0.0;
        let roomy = || {
            STEPS_MIN
                .into_iter()
                .filter(|step| *step as f64 / bar_minutes >= 8.0)
        };
        let step = roomy().find(|step| whole_bars(*step)).or(roomy().next());
        let step = step.unwrap_or(STEPS_MIN[STEPS_MIN.len() - 1]);
        let mut axis = String::new();
        let mut before = None;
        for (index, bin) in self.bins.iter().enumerate() {
            let Some(start) = bin.start else { continue };
            let minute = minutes_since_a_monday(start);
            let tick = minute.div_euclid(step);
            let new = before.map_or(minute % step == 0, |before| before != tick);
            before = Some(tick);
            let column = index * self.repeat;
            if new && column >= axis.chars().count() {
                let by_day = step >= 1_440 || (minute % 1_440 == 0 && self.several_days());
                let format = if by_day { "╵%a %-d " } else { "╵%H:%M " };
                axis.extend(std::iter::repeat_n(' ', column - axis.chars().count()));
                axis.push_str(&start.strftime(format).to_string());
            }
        }
        axis.trim_end().to_string()
    }
}

/// How many intervals make a bar so that all fit, by preference a round part of a day.
fn merging(rows: &[Row], columns: usize) -> usize {
    let least = rows.len().div_ceil(columns.max(1)).max(1);
    let interval = rows.first().map_or(1, |row| row.length_s as u64).max(1);
    let round = |count: &usize| {
        let length = interval * *count as u64;
        DAY_S.is_multiple_of(length) || length.is_multiple_of(DAY_S)
    };
    (least..=2 * least).find(round).unwrap_or(least)
}

fn minutes_since_a_monday(time: DateTime) -> i64 {
    const MONDAY: DateTime = date(1970, 1, 5).at(0, 0, 0, 0);
    time.duration_since(MONDAY).as_mins()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::result::Spread;

    fn rows(count: usize, minutes: i64) -> Vec<Row> {
        let start = date(2026, 11, 23).at(8, 0, 0, 0);
        let row = |index: usize| {
            let at = start + jiff::SignedDuration::from_mins(minutes * index as i64);
            Row {
                start: format!("{at}+01:00"),
                length_s: minutes as f64 * 60.0,
                arrived: index as f64,
                active_chats_mean: Some(2.0 * index as f64),
                wait_s: Spread {
                    count: index as f64,
                    mean: Some(10.0),
                    ..Spread::default()
                },
                ..Row::default()
            }
        };
        (0..count).map(row).collect()
    }

    #[test]
    fn few_intervals_broaden_and_many_merge() {
        let few = Bars::of(&rows(8, 15), 60);
        assert_eq!((few.bins.len(), few.repeat), (8, 6));
        let many = Bars::of(&rows(96, 15), 60);
        assert_eq!((many.bins.len(), many.repeat), (48, 1));
        assert_eq!(many.bins[1].arrived, 5.0);
        assert_eq!(many.bins[1].wait(), 10.0);
        assert_eq!(many.bins[1].active(), 5.0);
        // 336 half hours in 60 columns: 6 make three hours, an eighth of a day.
        assert_eq!(Bars::of(&rows(336, 30), 60).bins.len(), 56);
        assert_eq!(merging(&[], 60), 1);
    }

    #[test]
    fn bars_grow_with_their_value_and_the_greatest_is_named() {
        let bars = Bars::of(&rows(9, 60), 9);
        let drawn = bars.draw(
            "arrived",
            Unit::Count,
            1,
            &bars.values(|b| b.arrived),
            Paint::new(false),
        );
        assert_eq!(drawn, " arrived   ▁▂▃▄▅▆▇█  max 8, 16:00\n");
        let none = bars.draw("wait", Unit::Seconds, 1, &[0.0; 9], Paint::new(false));
        assert_eq!(none, " wait                none\n");
    }

    #[test]
    fn the_axis_has_round_local_times() {
        assert_eq!(Bars::of(&rows(24, 15), 24).axis(), "╵08:00  ╵10:00  ╵12:00");
        let week = Bars::of(&rows(336, 30), 60).axis();
        assert!(week.contains("╵Tue 24 ╵Wed 25 "), "{week}");
    }
}
