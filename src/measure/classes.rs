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
        self.means(&mut measures, findings.outline.messages);
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
        for fate in [Fate::Handled, Fate::AbandonedQueue, Fate::AbandonedChat] {
            put(fate.name(), &|class| class.counts.of_fate(fate));
        }
        put("abandoned_silent", &|class| class.counts.of(Count::Silent));
        for fate in [Fate::Rejected, Fate::Dropped, Fate::OpenAtEnd] {
            put(fate.name(), &|class| class.counts.of_fate(fate));
        }
    }

    fn means(&self, measures: &mut Measures, messages: bool) {
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
        if messages {
            put("first_response_s_mean", &|class| class.first_response);
            put("inter_message_s_mean", &|class| class.inter_message);
        }
        put("handle_s_mean", &|class| class.handle);
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
