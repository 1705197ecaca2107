//! Owns how a plan is fitted to the server that it is played against.
//!
//! Law: what a server cannot do is not in the plan that is played, nor in the prediction that is held
//! against it; and it is told.

use super::Options;
use crate::scenario::outlook::Outlook;
use crate::scenario::outlook::live::LiveOutlook;
use crate::scenario::plan::{EndsQuiet, Plan};
use crate::stats::law::Law;
use crate::wire::speaker::{Channels, Manners, WrapUp};

impl Options {
    /// How the server goes about chats.
    pub fn manners(&self) -> Manners {
        let protocol = self.protocol.as_ref();
        protocol.map_or(Manners::NATIVE, |protocol| protocol.manners())
    }

    /// What its people's connections are for.
    pub fn channels(&self) -> Channels {
        let protocol = self.protocol.as_ref();
        protocol.map_or(Channels::STREAM, |protocol| protocol.channels())
    }

    /// What a run of a plan at the server asks of this machine.
    pub fn outlook(&self, plan: &Plan) -> LiveOutlook {
        let live = Outlook::of(plan).live.played_by(self.cast);
        let channels = self.channels();
        let own = u64::from(channels.stream) + u64::from(channels.poll);
        let chats = live
            .agents
            .saturating_mul(u64::from(plan.agents.concurrency));
        let apart = if channels.apart { chats } else { 0 };
        live.spoken(own, channels.requests, apart)
    }

    /// Fits a plan to the server.
    pub fn fit(&self, plan: &mut Plan) {
        let manners = self.manners();
        if manners.ends_quiet == EndsQuiet::Agent {
            plan.live.inactivity = EndsQuiet::Agent;
        }
        if manners.wrap_up == WrapUp::None {
            plan.agents.wrap_up = Law::constant(0.0).expect("no time at all is a constant");
        }
    }
}
