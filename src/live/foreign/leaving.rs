//! Owns how a person leaves a foreign server.
//!
//! Law: what is said last is said before the connection ends, where the server takes it in time; what
//! still comes is heard.

use tokio::time::{Instant, timeout_at};

use super::{Foreign, Part};
use crate::live::dial::Dial;
use crate::live::switchboard::Post;
use crate::wire::speaker::Deed;

impl<S: Part, D: Dial> Foreign<S, D> {
    /// Ends the connection in due form; frames that still come are `overheard`.
    pub async fn close(&mut self, mut overheard: impl FnMut(S::Hears)) {
        let until = Instant::now() + self.scene.limits.closing;
        if let Some(line) = &mut self.line {
            line.post(Post::Leaves);
        }
        let now = self.born.elapsed();
        let said = self.speaker.act(now, Deed::Bye, &mut self.effects);
        let said = said.and_then(|()| self.send());
        let ending = async {
            if said.is_err() || self.flush().await.is_err() {
                return;
            }
            // What was said by request is said once that is answered; more may stand behind it.
            if self.until(|person| person.unanswered == 0).await.is_err() {
                return;
            }
            if let Some(streams) = &mut self.streams {
                streams.close_all();
                streams.flush().await;
            }
            let Some(ws) = &mut self.ws else {
                // A poll that is under way ends with its person.
                return self.heard.drain(..).for_each(&mut overheard);
            };
            if ws.close(None).await.is_err() {
                return;
            }
            while let Some(Ok(frame)) = self.next().await {
                overheard(frame);
            }
        };
        // A server that does not answer in time is left without its answer.
        let _ = timeout_at(until, ending).await;
    }
}
