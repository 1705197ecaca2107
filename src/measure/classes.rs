//! Owns the KPIs by class of customers.
//!
//! Law: a class is measured as the whole is: counts are means over replications, ratios and means
//! sum over sum; what all classes counted together is what the run counted.

use serde::{Deserialize, Serialize};

use super::catalogue::service_level_name;
use super::histogram::Moments;
use super::kpi::{Findings, Measures, measure, service_level};
use super::result::Measure;
use super::tally::{ClassTally, Count};
use crate::center::fate::Fate;
use crate::stats::interval::Estimate;

/// What became of the customers of one class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassRow {
    /// The class's name.
    pub name: String,
    /// By name, as the run's.
    pub measures: Measures,
}

impl Findings<'_> {
    /// One row a class, in the scenario's order; none where there is only one class.
    pub fn classes(&self) -> Vec<ClassRow> {
        let row = |(index, name): (usize, &String)| ClassRow {
            name: name.clone(),
            measures: OfClass::new(self, index).measures(self),
        };
        match self.outline.classes.as_slice() {
            // Of which class strangers are, nobody knows.
            _ if !self.sight.sees_customers() => Vec::new(),
            [] | [_] => Vec::new(),
            several => several.iter().enumerate().map(row).collect(),
        }
    }
}

/// What replications counted of one class.
struct OfClass<'a>(Vec<&'a ClassTally>);

impl<'a> OfClass<'a> {
    fn new(findings: &Findings<'a>, class: usize) -> OfClass<'a> {
        let tallies = findings.tallies.iter();
        OfClass(
            tallies
                .filter_map(|tally| tally.classes.get(class))
                .collect(),
        )
    }

    fn measures(&self, findings: &Findings) -> Measures {
        let mut measures = Measures::new();
        self.counts(&mut measures);
        let left = |class: &ClassTally| {
            let fate = |fate| class.counts.of_fate(fate);
            fate(Fate::AbandonedQueue) + fate(Fate::AbandonedChat)
        };
        let offered = |class: &ClassTally| class.counts.of(Count::Offered);
        measures.insert("abandoned_ratio".into(), self.ratio(left, offered));
        if let Some(within) = findings.outline.service_levels.first() {
            let parts = |class: &ClassTally| service_level(&class.counts, &class.within, "");
            let level = self.ratio(|class| parts(class).0, |class| parts(class).1);
            measures.insert(service_level_name(*within, ""), level);
        }
        self.means(&mut measures, findings);
        measures
    }

    fn counts(&self, measures: &mut Measures) {
        let mut put = |name: &str, figure: &dyn Fn(&ClassTally) -> u64| {
            let figures: Vec<f64> = self.0.iter().map(|class| figure(class) as f64).collect();
            let total = self.0.iter().map(|class| figure(class)).sum();
            measures.insert(name.into(), measure(Estimate::of_mean(&figures), total));
        };
        put("offered", &|class| class.counts.of(Count::Offered));
        put("retried", &|class| class.counts.of(Count::Retried));
        put("short_abandoned", &|class| {
            class.counts.of(Count::ShortAbandoned)
        });
        for fate in [Fate::Handled, Fate::AbandonedQueue, Fate::AbandonedChat] {
            put(fate.name(), &|class| class.counts.of_fate(fate));
        }
        put("abandoned_silent", &|class| class.counts.of(Count::Silent));
        for fate in [Fate::Rejected, Fate::Dropped, Fate::OpenAtEnd] {
            put(fate.name(), &|class| class.counts.of_fate(fate));
        }
    }

    fn means(&self, measures: &mut Measures, findings: &Findings) {
        let mut put = |name: &str, moments: &dyn Fn(&ClassTally) -> Moments| {
            let seconds: Vec<f64> = self
                .0
                .iter()
                .map(|class| moments(class).seconds())
                .collect();
            let counts = self.0.iter().map(|class| moments(class).count);
            let below: Vec<f64> = counts.clone().map(|count| count as f64).collect();
            let mean = measure(Estimate::of_ratio(&seconds, &below), counts.sum());
            measures.insert(name.into(), mean);
        };
        put("wait_s_mean", &|class| class.wait);
        put("wait_all_s_mean", &|class| class.wait_all);
        if findings.outline.messages {
            put("first_response_s_mean", &|class| class.first_response);
            put("inter_message_s_mean", &|class| class.inter_message);
        }
        if findings.sight.sees_slots() {
            put("handle_s_mean", &|class| class.handle);
        }
    }

    fn ratio(
        &self,
        above: impl Fn(&ClassTally) -> u64,
        below: impl Fn(&ClassTally) -> u64,
    ) -> Measure {
        let figures = |of: &dyn Fn(&ClassTally) -> u64| -> Vec<f64> {
            self.0.iter().map(|class| of(class) as f64).collect()
        };
        let samples = self.0.iter().map(|class| below(class)).sum();
        measure(
            Estimate::of_ratio(&figures(&above), &figures(&below)),
            samples,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::outline::Outline;
    use crate::measure::pool::Pool;
    use crate::measure::recorder::Recorder;
    use crate::measure::sight::Sight;
    use crate::measure::tally::Tally;
    use crate::time::{Span, Time};

    fn outline(classes: &[&str]) -> Outline {
        Outline {
            warm_up: at(10),
            short_abandon: Span::ZERO,
            horizon: at(1_000),
            end: at(2_000),
            interval: Span::from_secs(100),
            days: vec![Time::ZERO],
            service_levels: vec![Span::from_secs(15)],
            concurrency: 1,
            classes: classes.iter().map(ToString::to_string).collect(),
            messages: true,
            cuts: false,
        }
    }

    fn at(secs: u64) -> Time {
        Time::ZERO + Span::from_secs(secs)
    }

    /// One of each class is handled after 20 s, one of the second leaves after 12 s; one of the
    /// first comes during the warm-up.
    fn play(recorder: &mut Recorder) -> Tally {
        for (number, class, offered) in [(0, 0, 5), (1, 0, 20), (2, 1, 30)] {
            let mut visit = recorder.offered(number, 0, class, at(offered));
            recorder.assigned(&mut visit, 0, at(offered + 20));
            recorder.replied(&mut visit, at(offered + 50));
            recorder.ended(&mut visit, Fate::Handled, at(offered + 50));
            recorder.handled(&mut visit, at(offered + 60));
        }
        let mut visit = recorder.offered(3, 1, 1, at(40));
        recorder.queued(&mut visit, at(40));
        recorder.left_queue(&mut visit, true, at(52));
        recorder.finish(at(1_000), false).0
    }

    fn rows(classes: &[&str]) -> Vec<ClassRow> {
        let outline = outline(classes);
        let mut recorder = Recorder::new(&outline, false, false);
        let tallies = [play(&mut recorder), play(&mut recorder)];
        let findings = Findings {
            outline: &outline,
            tallies: &tallies,
            pool: &Pool::new(&outline, false),
            live: None,
            sight: Sight::Whole,
        };
        findings.classes()
    }

    #[test]
    fn each_class_has_its_own_figures() {
        let rows = rows(&["private", "business"]);
        let whole = |value: f64| (value * 1e9).round() / 1e9;
        let value = |class: usize, name: &str| rows[class].measures[name].value.map(whole);
        assert_eq!(rows[1].name, "business");
        assert_eq!(value(0, "handled"), Some(1.0));
        assert_eq!(value(0, "offered"), Some(1.0));
        assert_eq!(value(1, "offered"), Some(2.0));
        let last = ["retried", "abandoned_queue", "abandoned_silent"];
        assert!(last.iter().all(|name| value(1, name) == Some(1.0)));
        assert_eq!(value(0, "wait_s_mean"), Some(20.0));
        assert_eq!(value(1, "wait_all_s_mean"), Some(16.0));
        assert_eq!(value(0, "first_response_s_mean"), Some(50.0));
        assert_eq!(value(1, "inter_message_s_mean"), Some(30.0));
        assert_eq!(value(1, "handle_s_mean"), Some(40.0));
        assert_eq!(value(1, "service_level_15s"), Some(0.0));
        // Both replications are the same: the interval has no width.
        assert_eq!(
            rows[1].measures["wait_all_s_mean"].half_width().map(whole),
            Some(0.0)
        );
        assert_eq!(rows[1].measures["wait_all_s_mean"].samples, 4);
    }

    #[test]
    fn a_single_class_is_not_told_apart() {
        assert!(rows(&["customers"]).is_empty());
    }
}
