//! Owns `Unreliable`: the built-in server, which is killed and started again, behind a door that does
//! not always let in, over lines that break.
//!
//! Law: what happens to whom, and when, is the test's to say; on the stage's paused clock all of it
//! happens at that instant.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use busyhour::server::ServerOptions;
use futures_util::SinkExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, copy_bidirectional, duplex};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinHandle, spawn_local};
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;

use crate::stage::{Door, serve};

/// How who connects fares from an instant on, and what happens then to those who are there.
#[derive(Clone, Copy, Debug)]
pub struct Phase {
    /// Seconds from the beginning.
    pub from: f64,
    pub door: Mood,
    pub blow: Blow,
}

/// How who connects fares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mood {
    /// Comes in.
    Open,
    /// Is turned away at once.
    Shut,
    /// Has a connection, and no answer.
    Silent,
    /// Is told to come later.
    Busy,
    /// Hears what is no frame.
    Garbage,
}

/// What happens to those who are there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Blow {
    None,
    /// The server is killed, and with the next open door another is there, which knows nothing.
    Kill,
    /// Customers' lines break.
    Customers,
    /// Agents' lines break.
    Agents,
    /// Nothing goes over customers' lines any more, and nobody is told.
    Freeze,
}

/// From then on.
pub fn from(from: f64, door: Mood, blow: Blow) -> Phase {
    Phase { from, door, blow }
}

/// A line between somebody and the server.
struct Link {
    /// Whose, once that is known.
    is_agents: Rc<Cell<bool>>,
    carries: AbortHandle,
}

struct Unreliable {
    options: ServerOptions,
    server: Option<(UnboundedSender<DuplexStream>, JoinHandle<()>)>,
    links: Vec<Link>,
    /// Whether lines carry anything; those that are there are told once.
    freeze: watch::Sender<bool>,
    /// Who is to wait for ever.
    held: Vec<DuplexStream>,
}

/// Serves through these phases; the first begins at once.
pub async fn serve_through(mut door: Door, options: ServerOptions, phases: Vec<Phase>) {
    let began = Instant::now();
    let mut place = Unreliable {
        options,
        server: None,
        links: Vec::new(),
        freeze: watch::Sender::new(false),
        held: Vec::new(),
    };
    let mut phases = phases.into_iter().peekable();
    let mut mood = Mood::Open;
    loop {
        let next = phases
            .peek()
            .map(|phase| began + Duration::from_secs_f64(phase.from));
        let turn = async {
            match next {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = turn => {
                let phase = phases.next().unwrap();
                mood = phase.door;
                place.strike(phase.blow);
            }
            stream = door.0.recv() => match stream {
                Some(stream) => place.receive(stream, mood),
                None => return,
            }
        }
    }
}

impl Unreliable {
    fn strike(&mut self, blow: Blow) {
        let struck = |link: &Link| match blow {
            Blow::None | Blow::Freeze => false,
            Blow::Kill => true,
            Blow::Customers => !link.is_agents.get(),
            Blow::Agents => link.is_agents.get(),
        };
        self.links.retain(|link| {
            let goes = struck(link);
            if goes {
                link.carries.abort();
            }
            !goes
        });
        if blow == Blow::Kill
            && let Some((_, running)) = self.server.take()
        {
            running.abort();
        }
        if blow == Blow::Freeze {
            self.freeze.send_replace(true);
            self.freeze = watch::Sender::new(false);
        }
    }

    fn receive(&mut self, stream: DuplexStream, mood: Mood) {
        match mood {
            Mood::Open => self.let_in(stream),
            Mood::Shut => drop(stream),
            Mood::Silent => self.held.push(stream),
            Mood::Busy => drop(spawn_local(turn_away(stream))),
            Mood::Garbage => drop(spawn_local(babble(stream))),
        }
    }

    fn let_in(&mut self, stream: DuplexStream) {
        let options = &self.options;
        let (door, _) = self.server.get_or_insert_with(|| {
            let (sender, streams) = unbounded_channel();
            (sender, spawn_local(serve(Door(streams), options.clone())))
        });
        let (near, far) = duplex(64 * 1024);
        let _ = door.send(far);
        let is_agents = Rc::new(Cell::new(false));
        let carrying = carry(stream, near, Rc::clone(&is_agents), self.freeze.subscribe());
        let carries = spawn_local(carrying).abort_handle();
        self.links.push(Link { is_agents, carries });
    }
}

async fn carry(
    mut stream: DuplexStream,
    mut near: DuplexStream,
    is_agents: Rc<Cell<bool>>,
    mut freeze: watch::Receiver<bool>,
) {
    let mut first = vec![0; 4096];
    let Ok(length) = stream.read(&mut first).await else {
        return;
    };
    is_agents.set(first.starts_with(b"GET /agent"));
    if near.write_all(&first[..length]).await.is_err() {
        return;
    }
    let agents = is_agents.get();
    let frozen = async {
        let frozen = freeze.wait_for(|frozen| *frozen).await.is_ok();
        if !frozen || agents {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        _ = copy_bidirectional(&mut stream, &mut near) => return,
        () = frozen => {}
    }
    std::future::pending::<()>().await;
}

async fn turn_away(mut stream: DuplexStream) {
    let mut request = vec![0; 4096];
    let _ = stream.read(&mut request).await;
    let answer = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";
    let _ = stream.write_all(answer.as_bytes()).await;
}

async fn babble(stream: DuplexStream) {
    if let Ok(mut ws) = accept_async(stream).await {
        let _ = ws.send(Message::text("good morning")).await;
        std::future::pending::<()>().await;
    }
}
