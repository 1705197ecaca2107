//! Owns the `Courier`: requests over HTTP, by connections that are used again.
//!
//! Law: a request goes to the checked address of its person's door and nowhere else: a redirect is an
//! answer like any other. An answer is bounded in bytes and in time, and comes to whoever asked, or to
//! nobody where that is gone. Who polls has a connection for it, which ends with the poll.

use std::cell::RefCell;
use std::rc::{Rc, Weak};
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::Method;
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustc_hash::FxHashMap;
use tokio::task::{AbortHandle, spawn_local};
use tokio::time::timeout;

use super::dial::Dial;
use super::mailbox::Mailbox;
use super::scene::Scene;
use crate::error::{Error, Result};
use crate::wire::clean;
use crate::wire::frame::Party;
use crate::wire::speaker::{Answer, Request};

/// The most bytes of an answer.
const ANSWER_MOST: usize = 1 << 20;

/// Wall time within which it must be there.
const ANSWERED: Duration = Duration::from_secs(30);

/// Wall time that a poll may take longer than the server may hold it.
const HELD_MORE: Duration = Duration::from_secs(10);

/// Connections that are kept for the next request, a door.
const KEPT: usize = 64;

/// Answers on their way to somebody, each with its request's number.
pub type Answers = Mailbox<(u32, Result<Answer>)>;

type Connection = SendRequest<Full<Bytes>>;

/// The connections that are not in use.
#[derive(Debug, Default)]
pub struct Courier {
    /// By the name of the door.
    idle: RefCell<FxHashMap<String, Vec<Connection>>>,
}

/// A person's own connection for polls: kept from one to the next.
#[derive(Debug, Default)]
pub struct Own(RefCell<Option<Connection>>);

/// A poll that is under way; dropped, it is given up, and its connection closed.
#[derive(Debug)]
pub struct Held {
    /// The number of the request.
    pub number: u32,
    task: AbortHandle,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Own {
    /// Connects, before anything is asked.
    ///
    /// # Errors
    /// Failed (exit 3): nobody answers.
    pub async fn open<D: Dial>(&self, to: &D, number: u32) -> Result<()> {
        let connection = connect(to, number).await?;
        self.0.replace(Some(connection));
        Ok(())
    }
}

/// Makes a request of a person of this side and number that the server may hold; the answer is put
/// where that looks for it.
pub fn hold<D: Dial>(
    scene: &Rc<Scene<D>>,
    (party, number): (Party, u32),
    request: Request,
    answers: &Rc<Answers>,
    own: &Rc<Own>,
) -> Held {
    let (scene, answers, own) = (Rc::clone(scene), Rc::downgrade(answers), Rc::clone(own));
    let asked = request.number;
    let polling = spawn_local(async move {
        let courier = &scene.abroad.courier;
        let whose = (party, number);
        let answer = courier.ask_by(&scene.to, whose, request, Some(&own)).await;
        if let Some(answers) = Weak::upgrade(&answers) {
            answers.put((asked, answer));
        }
    });
    Held {
        number: asked,
        task: polling.abort_handle(),
    }
}

/// Makes a request of a person of this side and number; the answer is put where that looks for it.
pub fn carry<D: Dial>(
    scene: &Rc<Scene<D>>,
    (party, number): (Party, u32),
    request: Request,
    answers: &Rc<Answers>,
) {
    let (scene, answers) = (Rc::clone(scene), Rc::downgrade(answers));
    spawn_local(async move {
        let asked = request.number;
        let courier = &scene.abroad.courier;
        let answer = courier.ask(&scene.to, (party, number), request).await;
        if let Some(answers) = Weak::upgrade(&answers) {
            answers.put((asked, answer));
        }
    });
}

async fn ask<D: Dial>(
    courier: &Courier,
    to: &D,
    (party, number): (Party, u32),
    request: Request,
    own: Option<&Own>,
) -> Result<Answer> {
    let target = to.target(number);
    let door = target.authority();
    let failed = |error: &dyn std::error::Error| {
        let words = clean(&error.to_string());
        Error::failed(format!("{target} does not answer a request: {words}"))
    };
    let mut builder = hyper::Request::builder()
        .method(request.method)
        .uri(&request.path)
        .header("host", &door);
    if let Some(credentials) = to.credentials() {
        for (name, value) in credentials.of(party, number) {
            builder = builder.header(name, value);
        }
    }
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    let body = Full::new(Bytes::from(request.body));
    let request = builder
        .body(body)
        .map_err(|error| failed(&error).for_good())?;
    let mut connection = match own {
        Some(own) => own_connection(own, to, number).await?,
        None => connection(courier, to, number, &door).await?,
    };
    // What a poll asks for may be asked for twice.
    let spare = own.filter(|_| request.method() == Method::GET);
    let spare = spare.map(|_| request.clone());
    let answer = match connection.try_send_request(request).await {
        Ok(answer) => Ok(answer),
        Err(mut error) => match error.take_message().or(spare) {
            // The server closed it just before, since nothing was said on it.
            Some(unsaid) => {
                connection = connect(to, number).await?;
                connection.send_request(unsaid).await
            }
            None => Err(error.into_error()),
        },
    };
    let answer = answer.map_err(|error| failed(&error))?;
    let status = answer.status().as_u16();
    let headers = answer.headers().iter();
    let headers = headers.map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), value)
    });
    let headers = headers.collect();
    let body = Limited::new(answer.into_body(), ANSWER_MOST)
        .collect()
        .await;
    let body = body.map_err(|error| failed(&*error))?.to_bytes().to_vec();
    match own {
        Some(own) => drop(own.0.replace(Some(connection))),
        None => courier.keep(door, connection),
    }
    Ok(Answer {
        status,
        headers,
        body,
    })
}

/// A connection that is not in use, or a new one.
async fn connection<D: Dial>(
    courier: &Courier,
    to: &D,
    number: u32,
    door: &str,
) -> Result<Connection> {
    while let Some(mut kept) = courier.take(door) {
        if kept.ready().await.is_ok() {
            return Ok(kept);
        }
    }
    connect(to, number).await
}

/// A person's own connection, or a new one where the server has closed it.
async fn own_connection<D: Dial>(own: &Own, to: &D, number: u32) -> Result<Connection> {
    let kept = own.0.take();
    if let Some(mut kept) = kept
        && kept.ready().await.is_ok()
    {
        return Ok(kept);
    }
    connect(to, number).await
}

async fn connect<D: Dial>(to: &D, number: u32) -> Result<Connection> {
    let stream = to.connect(number).await?;
    let shaken = handshake(TokioIo::new(stream)).await;
    let (connection, going) = shaken.map_err(|error| {
        let words = format!("{}: {error}", to.target(number));
        Error::failed(words)
    })?;
    // Whatever ends it, the next request on it says so.
    spawn_local(async move { drop(going.await) });
    Ok(connection)
}

impl Courier {
    /// Makes a request of a person of this side and number.
    ///
    /// # Errors
    /// Failed (exit 3): nobody answers, or not within the time, or at too great length.
    pub async fn ask<D: Dial>(
        &self,
        to: &D,
        whose: (Party, u32),
        request: Request,
    ) -> Result<Answer> {
        self.ask_by(to, whose, request, None).await
    }

    /// The same by a person's own connection, if it is one that the server may hold.
    async fn ask_by<D: Dial>(
        &self,
        to: &D,
        (party, number): (Party, u32),
        request: Request,
        own: Option<&Own>,
    ) -> Result<Answer> {
        let within = request
            .held
            .map_or(ANSWERED, |held| held.saturating_add(HELD_MORE));
        let answer = timeout(within, ask(self, to, (party, number), request, own)).await;
        answer.unwrap_or_else(|_| {
            let words = format!("{} did not answer within {within:?}", to.target(number));
            Err(Error::failed(words))
        })
    }

    fn take(&self, door: &str) -> Option<Connection> {
        self.idle.borrow_mut().get_mut(door)?.pop()
    }

    fn keep(&self, door: String, connection: Connection) {
        let mut idle = self.idle.borrow_mut();
        let kept = idle.entry(door).or_default();
        if kept.len() < KEPT && !connection.is_closed() {
            kept.push(connection);
        }
    }
}
