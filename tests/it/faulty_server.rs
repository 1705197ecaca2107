//! Owns `Faulty`: the built-in desk behind WebSockets, with an imp between it and its connections.
//!
//! Law: but for the imp it is a server in due form. So what a run counts is what the imp says that it
//! did.

mod book;
mod imp;
mod trick;

use std::cell::RefCell;
use std::collections::HashMap;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use busyhour::scenario::plan::Plan;
use busyhour::server::clock::LiveClock;
use busyhour::server::desk::{ConnId, Desk, DeskRules, Input, Out, Parcel, Role};
use busyhour::time::{Span, Time};
use busyhour::wire::PROTOCOL;
use busyhour::wire::frame::{Frame, FromAgent, FromCustomer, Hello};
use futures_util::{SinkExt, StreamExt};
use tokio::io::DuplexStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::spawn_local;
use tokio::time::{sleep_until, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config};

use crate::stage::Door;
pub use imp::Imp;
pub use trick::Trick;

/// Serves with an imp at work.
pub fn serve(door: Door, plan: &Plan, imp: Rc<RefCell<Imp>>) -> impl Future<Output = ()> + use<> {
    let (desk, speed) = (desk_of(plan), plan.live.speed);
    async move {
        let (notes, heard) = unbounded_channel();
        spawn_local(let_in(door, notes));
        let faulty = Faulty {
            desk,
            clock: LiveClock::starting_now(Time::ZERO, speed),
            conns: HashMap::new(),
            imp,
        };
        faulty.run(heard).await;
    }
}

/// The desk of the plan's rules.
fn desk_of(plan: &Plan) -> Desk {
    let (router, speed) = (plan.router.clone(), plan.live.speed);
    let wall_ms = |span: Span| {
        let millis = (span.0 as f64 / speed / 1e6).round() as u64;
        (span != Span::ENDLESS).then_some(millis)
    };
    let hello = Hello {
        protocol: PROTOCOL,
        server: "a faulty one".to_owned(),
        policy: router.policy.name().to_owned(),
        queue_limit: Some(router.queue_limit).filter(|limit| *limit < u32::MAX),
        levels: router.levels,
        age_after_ms: wall_ms(router.age_after),
        inactivity_ms: wall_ms(plan.server_inactivity()),
        frame_limit: 16_384,
        kept_ms: None,
        idle_ms: 60_000,
    };
    let rules = DeskRules {
        router,
        inactivity: plan.server_inactivity(),
        kept_for: Span::ZERO,
        seed: plan.seed,
        replication: 0,
    };
    Desk::new(rules, hello)
}

/// What a connection tells.
enum Note {
    Joined(ConnId, Role, UnboundedSender<Parcel>),
    Heard(ConnId, Input),
}

struct Faulty {
    desk: Desk,
    clock: LiveClock,
    conns: HashMap<ConnId, UnboundedSender<Parcel>>,
    imp: Rc<RefCell<Imp>>,
}

impl Faulty {
    async fn run(mut self, mut notes: UnboundedReceiver<Note>) {
        loop {
            let deadline = self.desk.deadline();
            let (note, due) = tokio::select! {
                biased;
                note = notes.recv() => (note, Time::ZERO),
                () = sleep_until(self.clock.instant(deadline)), if deadline.comes() => {
                    (None, deadline)
                }
            };
            let now = self.clock.now().max(due);
            let mut out = Out::new();
            self.desk.wake(now, &mut out);
            self.deliver(&mut out);
            let mut next = note;
            while let Some(note) = next {
                self.take(now, note);
                next = notes.try_recv().ok();
            }
            self.desk.settle(now, &mut out);
            self.deliver(&mut out);
        }
    }

    fn take(&mut self, now: Time, note: Note) {
        let (conn, input) = match note {
            Note::Joined(conn, role, parcels) => {
                self.conns.insert(conn, parcels);
                (conn, Input::Joined(role))
            }
            Note::Heard(conn, input) => (conn, input),
        };
        let (mut out, mut besides) = (Out::new(), Out::new());
        let heard = self.imp.borrow_mut().hear(conn, input, &mut besides);
        if let Some(input) = heard {
            self.desk.handle(now, conn, input, &mut out);
        }
        self.deliver(&mut out);
        self.send(&mut besides);
    }

    fn deliver(&mut self, out: &mut Out) {
        let mut passed = Out::new();
        for (conn, parcel) in out.drain(..) {
            self.imp.borrow_mut().pass(conn, parcel, &mut passed);
        }
        self.send(&mut passed);
    }

    fn send(&mut self, out: &mut Out) {
        for (conn, parcel) in out.drain(..) {
            if let Some(conn) = self.conns.get(&conn) {
                // Who has gone hears nothing.
                let _ = conn.send(parcel);
            }
        }
    }
}

async fn let_in(mut door: Door, notes: UnboundedSender<Note>) {
    let mut given = 0;
    while let Some(stream) = door.0.recv().await {
        given += 1;
        spawn_local(attend(stream, ConnId(given), notes.clone()));
    }
}

/// Serves one connection.
async fn attend(stream: DuplexStream, conn: ConnId, notes: UnboundedSender<Note>) {
    let mut role = Role::Customer;
    #[expect(clippy::result_large_err, reason = "the library asks for this result")]
    let answer = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
        if request.uri().path() == "/agent" {
            role = Role::Agent;
        }
        Ok(response)
    };
    // The usual 128 KiB would be cleared at each read.
    let buffered = WebSocketConfig::default().read_buffer_size(4_096);
    let accepted = accept_hdr_async_with_config(stream, answer, Some(buffered));
    let Ok(ws) = accepted.await else {
        return;
    };
    let (outbox, parcels) = unbounded_channel();
    let _ = notes.send(Note::Joined(conn, role, outbox));
    talk(ws, conn, role, parcels, notes).await;
}

async fn talk(
    mut ws: WebSocketStream<DuplexStream>,
    conn: ConnId,
    role: Role,
    mut parcels: UnboundedReceiver<Parcel>,
    notes: UnboundedSender<Note>,
) {
    loop {
        tokio::select! {
            biased;
            parcel = parcels.recv() => {
                let text = match parcel {
                    Some(Parcel::Customer(frame)) => frame.encode(),
                    Some(Parcel::Agent(frame)) => frame.encode(),
                    Some(Parcel::End(_)) | None => break,
                };
                if ws.send(Message::text(text)).await.is_err() {
                    break;
                }
            }
            heard = ws.next() => match heard {
                Some(Ok(Message::Text(text))) => {
                    let input = match role {
                        Role::Customer => Input::Customer(FromCustomer::decode(&text).unwrap()),
                        Role::Agent => Input::Agent(FromAgent::decode(&text).unwrap()),
                    };
                    let _ = notes.send(Note::Heard(conn, input));
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            },
        }
    }
    let _ = notes.send(Note::Heard(conn, Input::Gone));
    let ending = async {
        if ws.close(None).await.is_ok() {
            while let Some(Ok(_)) = ws.next().await {}
        }
    };
    // A peer that does not do its part in time is left.
    let _ = timeout(Duration::from_secs(1), ending).await;
}
