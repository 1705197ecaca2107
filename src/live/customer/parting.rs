//! Owns how a customer goes whose visit is over.
//!
//! Law: what still comes is taken note of, no more. At a server that would take its going for the end
//! of the chat, and the agent's slot for free, a customer who is through stays until the agent is.

use std::rc::Rc;

use super::{Visitor, hearing};
use crate::live::dial::Dial;
use crate::live::orbit::Caller;
use crate::live::scene::Scene;
use crate::live::session::Session;
use crate::wire::frame::CustomerSide;

impl<D: Dial> Visitor<D> {
    /// Closes the connection.
    pub(super) async fn go(&mut self) {
        let (scene, caller) = (&self.scene, self.caller);
        // Nobody comes back for what was kept.
        drop(scene.abroad.take(caller));
        let Some(session) = &mut self.socket else {
            return;
        };
        if session.waits_for_the_end() {
            // Boxed: at the built-in server nobody has to.
            Box::pin(outstay(scene, caller, session)).await;
        }
        let overheard = |frame| hearing::overhear(scene, caller, &frame);
        session.close(overheard).await;
    }
}

/// Stays until the chat is over at the server, or everybody goes.
async fn outstay<D: Dial>(
    scene: &Rc<Scene<D>>,
    caller: Caller,
    session: &mut Session<CustomerSide, D>,
) {
    let over = scene.is_over();
    tokio::pin!(over);
    while session.waits_for_the_end() {
        tokio::select! {
            () = &mut over => return,
            heard = session.next() => match heard {
                Some(Ok(frame)) => hearing::overhear(scene, caller, &frame),
                _ => return,
            },
        }
    }
}
