//! Owns what a worker process and its coordinator say to each other, and how it goes over a pipe.
//!
//! Law: a pipe carries frames, each with its length before it, and nothing is taken from it that is
//! longer than stated. The pipe is the only way by which anything comes to a worker: no argument, no
//! environment, no file; so what is secret stands nowhere that others can look.

use std::io::{ErrorKind, Read, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::monotonic::Tick;
use super::slice::Slice;
use super::switchboard::{Delivery, Posted};
use super::way::InClear;
use super::worker::Report;
use crate::error::{Error, Exit};
use crate::measure::cast::Cast;
use crate::scenario::plan;
use crate::wire::protocols::Source;

/// The most bytes of a frame.
const LONGEST: usize = 1 << 30;

/// What a worker has to know before it begins.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Setup {
    /// The program's version: both ends are of one build.
    pub version: String,
    /// What the plan is read from.
    pub source: plan::Source,
    /// What the plan has to come to.
    pub fingerprint: u64,
    /// The run's number in markers.
    pub run: u32,
    /// Whose people it plays.
    pub slice: Slice,
    /// Of which replication.
    pub replication: u32,
    /// Where the server is, and how one gets in.
    pub way: InClear,
    /// The customer who is traced.
    pub trace: Option<u32>,
    /// Who is played.
    pub cast: Cast,
    /// What the server speaks; none for the built-in protocol.
    pub protocol: Option<Source>,
    /// Descriptors that it may need at once.
    pub descriptors: u64,
}

/// What the coordinator says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Said {
    /// First of all.
    Setup(Box<Setup>),
    /// The scenario's time goes from then on.
    Start(Tick),
    /// Agents log out.
    GoHome,
    /// The run is given up.
    Stop,
    /// The dispatcher tells somebody something.
    Deliver(Delivery),
}

/// What a worker says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Told {
    /// What has happened.
    Report(Report),
    /// Somebody posts something to the dispatcher.
    Posted(Posted),
    /// It cannot go on.
    Failed(Complaint),
    /// Everybody is gone.
    Over,
}

/// An error as it goes over the pipe: whoever hears of it has to know whose fault it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Complaint {
    words: String,
    /// What to do about it.
    remedy: Option<String>,
    /// Whether it was refused before the start; otherwise it failed.
    refused: bool,
    of_this_machine: bool,
}

impl Complaint {
    /// What is said of an error.
    pub fn of(error: &Error) -> Complaint {
        Complaint {
            words: error.plain().into(),
            remedy: error.remedy().map(str::to_owned),
            refused: error.exit() == Exit::Refused,
            of_this_machine: error.is_of_this_machine(),
        }
    }

    /// The error that it was.
    pub fn into_error(self) -> Error {
        let mut error = match self.refused {
            true => Error::refused(self.words),
            false => Error::failed(self.words),
        };
        if let Some(remedy) = self.remedy {
            error = error.with_remedy(remedy);
        }
        match self.of_this_machine {
            true => error.of_this_machine(),
            false => error,
        }
    }
}

/// Puts a frame on a pipe.
///
/// # Errors
/// Nobody is at its other end.
pub fn put(pipe: &mut impl Write, frame: &impl Serialize) -> std::io::Result<()> {
    let bytes = postcard::to_stdvec(frame).map_err(std::io::Error::other)?;
    let length = u32::try_from(bytes.len()).map_err(std::io::Error::other)?;
    pipe.write_all(&length.to_le_bytes())?;
    pipe.write_all(&bytes)?;
    pipe.flush()
}

/// The next frame from a pipe; none when its other end is closed.
///
/// # Errors
/// The other end is closed in the middle of a frame, or what came is none.
pub fn take<T: DeserializeOwned>(pipe: &mut impl Read) -> std::io::Result<Option<T>> {
    let mut length = [0; 4];
    match pipe.read_exact(&mut length) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let length = u32::from_le_bytes(length) as usize;
    if length > LONGEST {
        return Err(std::io::Error::other("a frame is too long"));
    }
    let mut bytes = vec![0; length];
    pipe.read_exact(&mut bytes)?;
    let frame = postcard::from_bytes(&bytes).map_err(std::io::Error::other)?;
    Ok(Some(frame))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::center::fate::Fate;
    use crate::live::journal::{ChatEvent, Entry, Event, Fault, Message, Reader};
    use crate::live::orbit::Caller;
    use crate::live::remarks::Remarks;
    use crate::time::{Span, Time};
    use crate::wire::marker::{Direction, Marker};

    fn report() -> Report {
        let caller = Caller {
            number: 17,
            attempt: 1,
            class: 2,
        };
        let marker = Marker {
            run: 7,
            customer: 17,
            attempt: 1,
            direction: Direction::Agent,
            sequence: 3,
        };
        let message = Message {
            wall: Some(Span(5)),
            ..Message::untimed(Direction::Customer, 2)
        };
        let reader = Reader::Agent(4);
        let events = [
            Event::Chat(caller, ChatEvent::Cut(Fate::Broken)),
            Event::Chat(caller, ChatEvent::Read(message, reader)),
            Event::Fault(Fault::Foreign, reader, Some(marker)),
            Event::SlotFreed(2),
        ];
        let entry = |event| Entry {
            at: Time(1_000),
            event,
        };
        let mut remarks = Remarks::default();
        remarks.add("words".into(), 2);
        Report {
            entries: events.map(entry).to_vec(),
            remarks,
            ..Report::default()
        }
    }

    #[test]
    fn frames_come_as_they_went() {
        let mut pipe = Vec::new();
        put(&mut pipe, &Told::Report(report())).unwrap();
        put(&mut pipe, &Told::Over).unwrap();
        let mut pipe = &pipe[..];
        let came: Option<Told> = take(&mut pipe).unwrap();
        assert!(matches!(came, Some(Told::Report(came)) if came == report()));
        assert!(matches!(take(&mut pipe).unwrap(), Some(Told::Over)));
        assert!(take::<Told>(&mut pipe).unwrap().is_none());
    }

    #[test]
    fn whose_fault_an_error_is_comes_along() {
        for error in [
            Error::failed("cannot reach it").with_remedy("start it"),
            Error::failed("no ports").of_this_machine(),
            Error::refused("too few descriptors").with_remedy("raise the limit"),
        ] {
            let mut pipe = Vec::new();
            put(&mut pipe, &Told::Failed(Complaint::of(&error))).unwrap();
            let Some(Told::Failed(came)) = take(&mut &pipe[..]).unwrap() else {
                panic!("it is a complaint");
            };
            let came = came.into_error();
            assert_eq!(came.message(false), error.message(false));
            assert_eq!(came.exit(), error.exit());
            assert_eq!(came.is_of_this_machine(), error.is_of_this_machine());
        }
    }

    #[test]
    fn a_torn_or_strange_frame_is_an_error() {
        let mut pipe = Vec::new();
        put(&mut pipe, &Told::Report(report())).unwrap();
        assert!(take::<Told>(&mut &pipe[..pipe.len() - 1]).is_err());
        assert!(take::<Told>(&mut &[255, 255, 255, 255, 0][..]).is_err());
        assert!(take::<Told>(&mut &[1, 0, 0, 0, 99][..]).is_err());
    }
}
